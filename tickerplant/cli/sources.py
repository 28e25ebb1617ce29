"""`tickerplant sources`: which providers there are, and which symbols their ingestors carry."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from ingestors.registry import Provider

commands = typer.Typer(
    help="Providers: what each can give and on which terms, and the symbols that a running ingestor carries.", no_args_is_help=True
)
Symbols = Annotated[list[str] | None, typer.Option(metavar="SYMBOL", help="As SOL-USD; may be given many times.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(commands, name="sources")


@commands.command("list", epilog="Example: tickerplant sources list")
def list_sources(as_json: AsJson = False) -> None:
    """Every provider with its capabilities, limits and a note on its licence; closed ones too."""
    from ingestors.limits.budget import in_words
    from ingestors.registry import CLOSED, PROVIDERS

    if as_json:
        typer.echo(json.dumps({"providers": [asdict(one) for one in PROVIDERS.values()], "closed": CLOSED}))
        return
    for one in PROVIDERS.values():
        typer.echo(f"{one.name:<20} {one.transport:<7} {', '.join(one.asset_classes):<12} {_gives(one)}")
        typer.echo(f"{'':<20} limits: {one.limits}; our budget: {in_words(one.budget)}")
        typer.echo(f"{'':<20} licence: {one.licence}")
    for name, why in CLOSED.items():
        typer.echo(f"{name:<20} closed  {why}")


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


def _gives(one: "Provider") -> str:
    return ", ".join(name for name in ("trades", "quotes", "books", "bars", "history") if getattr(one, name))
