"""`tickerplant migrate`: brings the database's tables up to this version, or back."""

import json
from typing import Annotated

import typer

from tickerplant.cli.options import AsJson, DataDir, settings_for


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("migrate", epilog="Example: tickerplant migrate --dry-run")(migrate)


def migrate(
    data_dir: DataDir = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL that would run and change nothing.")] = False,
    down_to: Annotated[
        int | None, typer.Option("--down-to", metavar="N", min=0, help="Revert migrations above N; their tables go with their rows.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Apply missing migrations to PostgreSQL or TimescaleDB. Safe to repeat, and at the same time from several machines."""
    from runtime.addresses import resolve
    from runtime.errors import FatalError, TransientError, UserError

    url = resolve(settings_for(data_dir)).postgres
    try:
        if dry_run:
            _print_sql(url, down_to, as_json)
        else:
            _run(url, down_to, as_json)
    except (FatalError, TransientError) as error:
        raise UserError(str(error)) from None


def _run(url: str, down_to: int | None, as_json: bool) -> None:
    from sinks.timescale.migrations import apply_migrations, revert_migrations

    key, done = ("applied", apply_migrations(url)) if down_to is None else ("reverted", revert_migrations(url, down_to))
    if as_json:
        typer.echo(json.dumps({key: done}))
        return
    for label in done:
        typer.echo(f"{key} {label}")
    if not done:
        typer.echo("nothing to do")


def _print_sql(url: str, down_to: int | None, as_json: bool) -> None:
    from sinks.timescale.migrations import doomed_migrations, pending_migrations

    if down_to is None:
        steps = [(step.label, step.up) for step in pending_migrations(url)]
    else:
        steps = [(step.label, step.down) for step in doomed_migrations(url, down_to)]
    if as_json:
        typer.echo(json.dumps({"pending": [{"migration": label, "sql": sql} for label, sql in steps]}))
        return
    for label, sql in steps:
        typer.echo(f"-- {label}\n{sql}")
