"""`tickerplant symbols`: which symbols are stored, and what became of them."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tickerplant.cli.options import AsJson, DataDir, settings_for, time_ns_of, time_of

if TYPE_CHECKING:
    from sinks.timescale.symbols import Change

commands = typer.Typer(help="Symbols in the tables: list them, and note renames and delistings for backtests.", no_args_is_help=True)
Source = Annotated[str, typer.Option("--source", help="Whose symbol, as binance.")]
At = Annotated[str, typer.Option("--at", metavar="TIME", help="UTC time from when on it holds: 2024-09-13 or 2024-09-13T10:00:00.")]
Known = Annotated[
    str | None,
    typer.Option("--known", metavar="TIME", help="UTC time from when on it was known, if that was before now: its announcement."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(commands, name="symbols")


@commands.command("list", epilog="Example: tickerplant symbols list")
def list_symbols(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every symbol and source with its asset class, first bar and last change."""
    from runtime.addresses import resolve
    from sinks.timescale.symbols import listings

    found = listings(resolve(settings_for(data_dir)).postgres)
    if as_json:
        typer.echo(json.dumps({"symbols": [one._asdict() for one in found]}, default=str))
        return
    for one in found:
        words = [one.change, one.renamed_to, f"{one.effective_at:%Y-%m-%d}"] if one.change else []
        typer.echo("  ".join(filter(None, [one.symbol, one.source, one.asset_class, f"since {one.first_at:%Y-%m-%d}", *words])))


@commands.command("rename", epilog="Example: tickerplant symbols rename MATIC-USDT POL-USDT --source binance --at 2024-09-13T10:00:00")
def rename(old: str, new: str, source: Source, at: At, known: Known = None, data_dir: DataDir = None) -> None:
    """Note that a symbol goes on under another name. The stored rows keep theirs; `symbol_names` joins them."""
    _add(old, source, "renamed", at, known, data_dir, new)


@commands.command("delist", epilog="Example: tickerplant symbols delist LUNA-USDT --source binance --at 2022-05-13")
def delist(symbol: str, source: Source, at: At, known: Known = None, data_dir: DataDir = None) -> None:
    """Note that a symbol is not traded any more. The stored rows stay."""
    _add(symbol, source, "delisted", at, known, data_dir)


@commands.command("relist", epilog="Example: tickerplant symbols relist LUNA-USDT --source binance --at 2022-05-31")
def relist(symbol: str, source: Source, at: At, known: Known = None, data_dir: DataDir = None) -> None:
    """Note that a symbol is traded again after it had been delisted or renamed."""
    _add(symbol, source, "listed", at, known, data_dir)


def _add(symbol: str, source: str, change: "Change", at: str, known: str | None, data_dir: Path | None, new: str | None = None) -> None:
    from runtime.addresses import resolve
    from runtime.clock import SystemClock
    from sinks.timescale.symbols import add_change

    url = resolve(settings_for(data_dir)).postgres
    known_at_ns = time_ns_of("--known", known) if known else SystemClock().now_ns()
    added = add_change(url, symbol, source, change, time_of("--at", at), known_at_ns, new)
    typer.echo("noted" if added else "nothing to do")
