"""`tickerplant repair`: late rows beside compressed chunks become part of them."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from sinks.timescale.repair import Repaired


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("repair", epilog="Example: tickerplant repair --dry-run")(repair)


def repair(
    data_dir: DataDir = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the rows that would be merged and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Merge rows that came after their chunk had become columns, and check that every key is there once. TimescaleDB only; safe to repeat and to stop.

    Late ticks, replays and corrections are stored and found without it: it gives their room back and keeps reading fast. Run it after a large import or replay.
    """
    from runtime.addresses import resolve
    from sinks.timescale import repair as job

    done: list[Repaired] = []
    for one in job.repair(resolve(settings_for(data_dir)).postgres, dry_run=dry_run):
        done.append(one)
        if not as_json:
            typer.echo(_line(one, dry_run))
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, "chunks": [_plain(one) for one in done]}))
    elif not done:
        typer.echo("nothing to do")


def _plain(one: "Repaired") -> dict[str, object]:
    return {"table": one.table, "from": one.from_ts.isoformat(), "to": one.to_ts.isoformat(), "rows": one.rows}


def _line(one: "Repaired", dry_run: bool) -> str:
    return f"{one.table}: {one.rows} rows {'would be ' if dry_run else ''}merged into {one.from_ts:%Y-%m-%d} to {one.to_ts:%Y-%m-%d}"
