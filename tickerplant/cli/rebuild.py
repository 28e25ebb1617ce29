"""`tickerplant rebuild bars`: what came too late for the stream, put into bars, indicators and signals."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.errors import UserError
from tickerplant.cli.options import AsJson, DataDir, settings_for, time_ns_of

if TYPE_CHECKING:
    from tickerplant.rebuild.job import Plan

SHOWN = 50

rebuild = typer.Typer(help="Compute again what came too late for the stream.", no_args_is_help=True)

Symbol = Annotated[str, typer.Option("--symbol", help="Canonical, as BTC-USDT.")]
Source = Annotated[str | None, typer.Option("--source", help="As binance, the default: the configured one.")]
From = Annotated[str, typer.Option("--from", metavar="TIME", help="UTC, as 2024-08-09 or 2024-08-09T00:00:00.")]
To = Annotated[str, typer.Option("--to", metavar="TIME", help="Bars that begin before it.")]
Apply = Annotated[bool, typer.Option("--apply/--dry-run", help="Write the new revisions. Without it they are only listed.")]


def register(app: typer.Typer) -> None:
    app.add_typer(rebuild, name="rebuild")


@rebuild.command(epilog="Example: tickerplant rebuild bars --symbol BTC-USDT --from 2024-08-09T00:00 --to 2024-08-09T01:00")
def bars(
    symbol: Symbol, begin: From, end: To, source: Source = None, apply: Apply = False, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """Recompute the bars of a range from all stored ticks, and the indicators after them, and write what differs as new revisions.

    A run that was ended is continued by the same command. Bars that the stream may still correct itself are left to it.
    """
    from_ns, to_ns = time_ns_of("--from", begin), time_ns_of("--to", end)
    if to_ns <= from_ns:
        raise UserError(f"--to {end} is not after --from {begin}")
    plan, written = _run(data_dir, symbol, source, from_ns, to_ns, apply)
    typer.echo(json.dumps(_summary(plan, written)) if as_json else _text(plan, written, apply))


def _run(data_dir: Path | None, symbol: str, source: str | None, from_ns: int, to_ns: int, apply: bool) -> "tuple[Plan, int]":
    from runtime.addresses import kafka_address
    from runtime.clock import SystemClock
    from runtime.kafka import Publisher
    from tickerplant.rebuild.job import Job, write
    from tickerplant.rebuild.store import open_rebuild_store
    from tickerplant.verify.store import Series

    settings = settings_for(data_dir)
    series = Series(symbol, source or settings.binance.source)
    with open_rebuild_store(settings) as store:
        say = lambda sentence: typer.echo(f"rebuild: {sentence}", err=True)  # noqa: E731
        plan = Job(store, settings.process, series, from_ns, to_ns, SystemClock().now_ns(), say).plan()
    return plan, write(plan, Publisher(settings.kafka, kafka_address(settings)), settings) if apply else 0


def _summary(plan: "Plan", written: int) -> dict[str, Any]:
    found = plan.found
    return {
        "compared": found.compared,
        "changed": [{"timeframe": bar.timeframe, "ts_open_ns": bar.ts_open_ns, "revision": bar.revision} for bar in found.changed],
        "indicator_records": len(plan.records),
        "gaps": [{"gap_id": gap.gap_id, "state": gap.state} for gap in plan.gaps],
        "waiting": len(found.waiting),
        "cut": len(found.cut),
        "notes": plan.notes,
        "written": written,
    }


def _text(plan: "Plan", written: int, apply: bool) -> str:
    found = plan.found
    lines = [
        f"{bar.timeframe:>4} {_shown(bar.ts_open_ns)} revision {bar.revision}: {bar.trade_count} trades" for bar in found.changed[:SHOWN]
    ]
    if len(found.changed) > SHOWN:
        lines.append(f"     and {len(found.changed) - SHOWN} more; --json lists all")
    lines.append(
        f"{len(found.changed)} of {found.compared} bars differ, {len(plan.records)} indicator records follow, {len(plan.gaps)} gaps are filled or begun to be"
    )
    if found.waiting:
        lines.append(f"{len(found.waiting)} bars are still the stream's to correct: run this again when they are older")
    if found.cut:
        lines.append(f"{len(found.cut)} bars are left as they are: not all of their ticks are stored any more")
    lines += plan.notes
    lines.append(f"{written} records written" if apply else "nothing written; --apply writes")
    return "\n".join(lines)


def _shown(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // 10**9, UTC).strftime("%Y-%m-%d %H:%M")
