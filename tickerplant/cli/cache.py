"""`tickerplant cache`: what Redis holds of a symbol, how well it serves, and how to be rid of what is wrong."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.errors import UserError
from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from cache import Cache

commands = typer.Typer(help="The cache in Redis: show a symbol's values, count hits, invalidate a symbol.", no_args_is_help=True)
Symbol = Annotated[str, typer.Argument(help="As BTC-USDT.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(commands, name="cache")


@commands.command("show", epilog="Example: tickerplant cache show BTC-USDT")
def show(symbol: Symbol, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every value of a symbol with the time of its data. Exit code 2: there is none."""
    with _cache(data_dir) as cache:
        values = _answered(cache, cache.of_symbol(symbol))
    if not values:
        raise UserError(f"Redis holds nothing of {symbol}: it is not fed, or its values are over; `tickerplant status` shows what runs")
    if as_json:
        typer.echo(json.dumps({key: {"ts_event_ns": entry.ts_event_ns, "value": entry.value} for key, entry in values.items()}))
        return
    for key, entry in values.items():
        typer.echo(f"{key}  {_time(entry.ts_event_ns)}  {_short(json.dumps(entry.value))}")


@commands.command("stats", epilog="Example: tickerplant cache stats --json")
def stats(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Keys, memory, evictions and hit rate of the Redis server, since its start."""
    with _cache(data_dir) as cache:
        figures = _answered(cache, cache.server())
    if as_json:
        typer.echo(json.dumps({**figures._asdict(), "hit_rate": figures.hit_rate}))
        return
    typer.echo(f"{figures.keys:,} keys, guards included; {figures.bytes / 1e6:,.1f} MB; {figures.evicted:,} evicted for want of memory")
    typer.echo(f"hit rate {figures.hit_rate:.1%}: {figures.hits:,} reads of keys that were there, {figures.misses:,} of others")


@commands.command("invalidate", epilog="Example: tickerplant cache invalidate BTC-USDT")
def invalidate(symbol: Symbol, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Remove all values of a symbol, for all readers. They come again with the next events, and as services fetch them; older data does not."""
    with _cache(data_dir) as cache:
        removed = _answered(cache, cache.invalidate(symbol))
    typer.echo(json.dumps({"symbol": symbol, "removed": removed}) if as_json else f"{removed} values of {symbol} removed")


def _cache(data_dir: Any) -> "Cache":
    from cache import Cache

    return Cache(settings=settings_for(data_dir))


def _answered(cache: "Cache", answer: Any) -> Any:
    """A command has no memory of its own to go on from."""
    if not cache.statistics().redis_up:
        raise UserError("Redis does not answer; start it, or look at redis.url")
    return answer


def _time(ts_ns: int) -> str:
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(ts_ns // 1_000_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _short(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:157]}..."
