"""`tickerplant sources`: which providers there are, and which symbols their ingestors carry. The registry's commands are in source_changes."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from tickerplant.cli import source_changes
from tickerplant.cli.options import AsJson, DataDir, settings_for

commands = typer.Typer(
    help="Providers: what each can give and on which terms, the symbols that a running ingestor carries, its state and priority.",
    no_args_is_help=True,
)
Symbols = Annotated[list[str] | None, typer.Option(metavar="SYMBOL", help="As SOL-USD; may be given many times.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    source_changes.register(commands)
    app.add_typer(commands, name="sources")


@commands.command("list", epilog="Example: tickerplant sources list")
def list_sources(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every provider with its capabilities, state, priority, health, limits and a note on its licence; closed ones too."""
    from ingestors.registry import CLOSED
    from tickerplant.registry.view import lines, rows

    found, problem = rows(settings_for(data_dir))
    if as_json:
        typer.echo(json.dumps({"providers": [row.document() for row in found], "closed": CLOSED, "registry": problem or "ok"}))
        return
    for line in lines(found):
        typer.echo(line)
    for name, why in CLOSED.items():
        typer.echo(f"{name:<20} closed  {why}")
    if problem:
        typer.echo(f"the registry was not read, so states are not known: {problem}", err=True)


@commands.command("symbols", epilog="Example: tickerplant sources symbols coinbase --add SOL-USD")
def symbols(
    provider: Annotated[str, typer.Argument(help="The provider, as coinbase.")],
    add: Symbols = None,
    remove: Symbols = None,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the symbols of the settings.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show or change the symbols of a provider's ingestor. It follows within two seconds, and also after a restart, until --reset."""
    from runtime.addresses import kafka_address
    from tickerplant.sources import Asked, change_symbols

    settings = settings_for(data_dir)
    asked: Asked = change_symbols(settings, kafka_address(settings), provider, add or (), remove or (), reset)
    if as_json:
        typer.echo(json.dumps({"source": asked.source, "symbols": list(asked.symbols), "by": asked.by}))
        return
    typer.echo(f"{asked.source}: {', '.join(asked.symbols)} (by the {asked.by})")


@commands.command("limits", epilog="Example: tickerplant sources limits")
def limits(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """What all processes together have asked of each provider in the last second, minute and day, of what they may."""
    from tickerplant.limits import uses

    found = uses(settings_for(data_dir))
    if as_json:
        typer.echo(json.dumps([asdict(use) for use in found]))
        return
    for use in found:
        left = f"{use.used:,} of {use.budget:,}" if use.budget else f"{use.used:,}, not limited"
        ban = f"; asks for nothing for {use.banned_s:.0f} s more" if use.banned_s else ""
        typer.echo(f"{use.provider:<20} {use.span:<7} {left} ({use.host}{'' if use.key == '-' else f', key {use.key}'}){ban}")
    if not found:
        typer.echo("nothing was asked of any provider within a day")
