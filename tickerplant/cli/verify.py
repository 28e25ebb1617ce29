"""`tickerplant verify`: the audit of what is stored."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.settings import Settings
from tickerplant.cli.options import AsJson, DataDir, settings_for, time_ns_of

if TYPE_CHECKING:
    from tickerplant.verify.report import Report

SHOWN = 50

Captures = Annotated[
    list[Path] | None,
    typer.Option(
        "--capture", metavar="FILE", help="Start from a recorded capture (hftbacktest format, .gz or plain); may be given many times."
    ),
]
Symbols = Annotated[list[str] | None, typer.Option("--symbol", help="Only this symbol, as BTC-USDT; may be given many times.")]
Sources = Annotated[
    list[str] | None,
    typer.Option("--source", help="Only this source, as binance; may be given many times. A capture is compared with the first."),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="TIME",
        help="Judge rows from this UTC time on (2024-08-09 or 2024-08-09T00:00:00): retention has cut the tables.",
    ),
]
ListAll = Annotated[bool, typer.Option("--all", help=f"List every difference, not the first {SHOWN}. --json lists all.")]
Wait = Annotated[
    float,
    typer.Option("--wait-s", min=0, help="Look again for so many seconds while there are differences: a running line is still writing."),
]


def register(app: typer.Typer) -> None:
    app.command(epilog="Example: tickerplant verify --symbol BTC-USDT --wait-s 30")(verify)


def verify(
    data_dir: DataDir = None,
    as_json: AsJson = False,
    capture: Captures = None,
    symbol: Symbols = None,
    source: Sources = None,
    start: Start = None,
    list_all: ListAll = False,
    wait_s: Wait = 0,
) -> None:
    """Recompute bars from the stored ticks, indicators and signals from the stored bars, and list every difference.

    Shares no code with the pipeline. With --capture it starts from a recording. Exit code 0: no difference; 1: differences, or nothing to compare; 2: it could not run.
    """
    from tickerplant.verify.output import as_json as to_json
    from tickerplant.verify.output import as_text, passed

    settings = settings_for(data_dir)
    keep = None if list_all or as_json else SHOWN
    report = _audited(
        settings, tuple(capture or ()), tuple(symbol or ()), tuple(source or ()), time_ns_of("--start", start) if start else 0, keep, wait_s
    )
    typer.echo(json.dumps(to_json(report)) if as_json else as_text(report))
    if not passed(report):
        raise typer.Exit(1)


def _audited(
    settings: Settings,
    captures: tuple[Path, ...],
    symbols: tuple[str, ...],
    sources: tuple[str, ...],
    start_ns: int,
    keep: int | None,
    wait_s: float,
) -> "Report":
    from runtime.clock import SystemClock
    from tickerplant.verify.audit import Audit, Progress
    from tickerplant.verify.capture_file import read_captures
    from tickerplant.verify.parameters import from_settings
    from tickerplant.verify.report import Report
    from tickerplant.verify.retries import until_equal
    from tickerplant.verify.store import open_store

    clock = SystemClock()
    played = ((sources or (settings.binance.source,))[0], read_captures(captures)) if captures else None
    progress = Progress(clock, lambda sentence: typer.echo(f"verify: {sentence}", err=True))

    def once() -> Report:
        report = Report(keep)
        with open_store(settings) as store:
            Audit(store, from_settings(settings, start_ns), report, progress, played).run(symbols, sources)
        return report

    return until_equal(once, wait_s, clock)
