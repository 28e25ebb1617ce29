"""`tickerplant backfill PROVIDER`: trades and bars of the past through a running line; `tickerplant backfill status`: how far each symbol came."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.errors import UserError
from tickerplant.cli.options import AsJson, DataDir, settings_for, time_ns_of

if TYPE_CHECKING:
    import asyncio

    from runtime.settings import Settings
    from tickerplant.backfill.ask import Ask, Window
    from tickerplant.backfill.past import Past

_STATUS = "status"
_MOST_SHOWN = 200
What = Annotated[str, typer.Argument(metavar="PROVIDER|status", help="A provider, as binance; or `status`: how far each symbol came.")]
Symbols = Annotated[
    str, typer.Option("--symbols", metavar="SYMBOLS", help="With commas, as BTC-USDT,ETH-USDT. Default: those of the settings.")
]
From = Annotated[str, typer.Option("--from", metavar="TIME", help="UTC: 2024-08-09 or 2024-08-09T12:00:00.")]
To = Annotated[str, typer.Option("--to", metavar="TIME", help="UTC, not included. Default: the last midnight.")]
Of = Annotated[str, typer.Option("--timeframe", help="Of bars, 1m to 1M. Default: trades where the provider has them, else bars of 1d.")]
Source = Annotated[str, typer.Option("--source", help="Of what is fetched. Default: NAME-history for trades, the provider's own for bars.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Fetch and send nothing: say about how much it is, and what is done already.")]
Timeout = Annotated[float, typer.Option(min=1, max=3600, help="Seconds without progress after which the line counts as stuck.")]


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("backfill", epilog="Example: tickerplant backfill binance --symbols BTC-USDT --from 2024-08-01 --timeframe 1m --dry-run")(
        backfill
    )


def backfill(
    what: What,
    symbols: Symbols = "",
    from_: From = "",
    to: To = "",
    timeframe: Of = "",
    source: Source = "",
    dry_run: DryRun = False,
    drain_timeout: Timeout = 90.0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Fetch trades or bars of the past from a provider, send them through a running stack as `import` does, and wait until all is stored.

    A backfill that was ended goes on with the same command; the same one again changes nothing. Exit code 1: something is left, see the last lines.
    """
    settings = settings_for(data_dir)
    if what == _STATUS:
        _show_status(settings, as_json)
        return
    from runtime.clock import SystemClock
    from runtime.logs import configure
    from tickerplant.backfill.start import ask_of, opened, timeframe_of
    from tickerplant.registry.keys import with_stored_key

    settings, clock = with_stored_key(settings, what), SystemClock()
    _check_source(source)
    of = timeframe_of(what, timeframe, settings)
    make_ask = ask_of(what, [one for one in symbols.split(",") if one], of, _span(from_, to), source, settings, clock)
    with opened(make_ask, what, of, source, settings, clock) as (ask, past, runner):
        configure(
            settings.log.model_copy(update={"level": "warning", "format": "text"}), "backfill"
        )  # beside the progress, not in the answer
        if dry_run:
            _plan(ask, past, runner, settings, as_json)
        else:
            raise typer.Exit(_run(ask, past, runner, settings, drain_timeout, as_json))


def _span(from_: str, to: str) -> "Window":
    from runtime.clock import SystemClock
    from tickerplant.backfill.ask import Window
    from tickerplant.backfill.start import last_midnight

    if not from_:
        raise UserError("from when on? Write --from 2024-08-09")
    return Window(max(time_ns_of("--from", from_), 0), time_ns_of("--to", to) if to else last_midnight(SystemClock()))


def _check_source(source: str) -> None:
    from tickerplant.importing.recipe import is_source

    if source and not is_source(source):
        raise UserError(f"--source {source} is no name of a source; write it as binance-2024")


def _plan(ask: "Ask", past: "Past", runner: "asyncio.Runner", settings: "Settings", as_json: bool) -> None:
    from tickerplant.backfill.printing import plan_document, plan_text
    from tickerplant.backfill.start import plan

    expected, done = plan(ask, past, runner, settings, _kafka(settings))
    typer.echo(json.dumps(plan_document(ask, expected, done), indent=2) if as_json else plan_text(ask, expected, done))


def _kafka(settings: "Settings") -> str | None:
    """A dry run needs no stack; with one it tells what is done."""
    from runtime.addresses import kafka_address

    try:
        return kafka_address(settings)
    except UserError:
        return None


def _run(ask: "Ask", past: "Past", runner: "asyncio.Runner", settings: "Settings", timeout_s: float, as_json: bool) -> int:
    """Exit code 1 if a symbol failed or the line did not take everything in."""
    from runtime.addresses import resolve
    from runtime.clock import SystemClock
    from tickerplant.backfill.printing import left_text, licence_text, outcome_document, outcome_text
    from tickerplant.backfill.run import Job
    from tickerplant.replay.printing import teller

    typer.echo(licence_text(ask), err=True)
    outcome = Job(ask, past, runner, settings, resolve(settings), SystemClock(), timeout_s, teller()).run()
    if sys.stderr.isatty():
        sys.stderr.write("\n")  # the bar of progress has none
    typer.echo(json.dumps(outcome_document(ask, outcome), indent=2) if as_json else outcome_text(ask, outcome))
    if outcome.left:
        typer.echo(left_text(outcome), err=True)
    return 1 if outcome.failed else 0


def _show_status(settings: "Settings", as_json: bool) -> None:
    from runtime.addresses import resolve
    from tickerplant.backfill.notes import Notes
    from tickerplant.backfill.printing import status_lines

    notes = Notes(resolve(settings).postgres)
    found = notes.newest(_MOST_SHOWN)
    notes.close()
    if as_json:
        typer.echo(json.dumps({"backfills": [one._asdict() for one in found]}, default=str))
        return
    for line in status_lines(found) or ["there was no backfill yet"]:
        typer.echo(line)
