"""`tickerplant up | status | down`: the local stack with all processes of ours."""

import json
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.errors import UserError
from runtime.settings import Settings
from schemas.symbols import SYMBOL
from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from tickerplant.stack.plan import Feed

_PAIR = re.compile(r"[A-Z0-9]{1,16}-[A-Z0-9]{1,16}")  # what the simulated exchange trades


def register(app: typer.Typer) -> None:
    """Adds the three commands."""
    app.command(epilog="Example: tickerplant up --detach --symbols BTC-USDT,ETH-USDT")(up)
    app.command()(status)
    app.command()(down)


def up(
    data_dir: DataDir = None,
    detach: Annotated[bool, typer.Option("--detach", help="Return when all is ready; `tickerplant down` stops it.")] = False,
    no_feed: Annotated[bool, typer.Option("--no-feed", help="Start everything but a feed and its ingestor.")] = False,
    live: Annotated[
        str | None,
        typer.Option(
            "--live",
            metavar="A,B",
            help="Use real endpoints, of one provider or several, as binance or kraken,yahoo; binance/2 spreads its symbols over two processes.",
        ),
    ] = None,
    symbols: Annotated[str | None, typer.Option("--symbols", metavar="A,B", help="Symbols of the feed, as BTC-USDT,ETH-USDT.")] = None,
    speed: Annotated[float, typer.Option("--speed", min=0.01, max=10_000, help="Speed of the simulated feed.")] = 1.0,
    run_for: Annotated[float | None, typer.Option("--run-for", min=0.0, metavar="S", help="Stop by itself after S seconds.")] = None,
    ready_fd: Annotated[int | None, typer.Option("--ready-fd", hidden=True)] = None,
) -> None:
    """Start Kafka, PostgreSQL and Redis (those that the settings have no address for), all processes, and a feed: simulated unless --live."""
    settings = settings_for(data_dir)
    processes = _live_processes(settings, live)
    _check_feed(no_feed, processes, symbols)
    if detach:
        _detach(settings, no_feed, live, symbols, speed, run_for)
        return
    from tickerplant.stack.plan import Feed

    feed = Feed("none" if no_feed else "live" if live else "simulated", _parts(symbols), f"{speed:g}", tuple(processes), processes)
    _foreground(settings, feed, run_for or None, ready_fd)


def _foreground(settings: Settings, feed: "Feed", run_for_s: float | None, ready_fd: int | None) -> None:
    from rich.console import Console

    from tickerplant.stack.detach import Pipe
    from tickerplant.stack.run import Foreground

    console = Console()
    pipe = Pipe(ready_fd) if ready_fd is not None else None
    Foreground(settings, feed, run_for_s, console, pipe).run()


def _detach(settings: Settings, no_feed: bool, live: str | None, symbols: str | None, speed: float, run_for: float | None) -> None:
    from tickerplant.stack.detach import start_detached
    from tickerplant.stack.preflight import check_folder

    folder = check_folder(settings)
    words = ["--data-dir", str(folder), "--speed", f"{speed:g}"]
    words += ["--no-feed"] if no_feed else []
    for name, value in (("--live", live), ("--symbols", symbols), ("--run-for", run_for)):
        words += [name, str(value)] if value else []
    pid = start_detached(words, folder, typer.echo)
    typer.echo(f"ready (pid {pid}); `tickerplant status --data-dir {settings.data_dir}` tells more, `tickerplant down` stops it")


def _live_processes(settings: Settings, live: str | None) -> dict[str, int]:
    """By provider, how many processes carry its symbols. Raises UserError."""
    from ingestors.process_shard import check_processes
    from ingestors.registry import provider_of

    processes: dict[str, int] = {}
    for part in _parts(live):
        name, slash, number = part.partition("/")
        if slash and not (number.isascii() and number.isdigit() and int(number)):
            raise UserError(f"--live: {part!r} does not say how many processes; write it as {name}/2")
        if name in processes:
            raise UserError(f"--live: {name} is named twice; say once how many processes it has, as {name}/2")
        processes[name] = int(number) if slash else 1
        check_processes(provider_of(name), processes[name], settings.kafka.partitions)
    return processes


def _check_feed(no_feed: bool, live: Collection[str], symbols: str | None) -> None:
    for provider in live:
        _check_provider(provider, symbols)
    if no_feed and (live or symbols):
        raise UserError("--no-feed goes with neither --live nor --symbols: leave one out")
    for symbol in _parts(symbols):
        if not (SYMBOL if live else _PAIR).fullmatch(symbol):
            raise UserError(f"--symbols: {symbol!r} is not a symbol; write BASE-QUOTE, as BTC-USDT{', or a share as AAPL' if live else ''}")


def _check_provider(name: str, symbols: str | None) -> None:
    from ingestors.registry import provider_of

    if provider_of(name).transport == "files" and symbols:
        raise UserError(f"--symbols does not go with --live {name}, whose files say which symbols they are of: leave one out")


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(","))) if text else ()


def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Addresses and health of every part. Exit code 0 if all are ready, 1 if not."""
    from tickerplant.stack.status import masked, read_status

    settings = settings_for(data_dir)
    answer = read_status(settings.data_dir)
    if as_json:
        typer.echo(json.dumps(answer, indent=2))
    elif not answer["running"]:
        typer.echo(f"no stack runs on {settings.data_dir}")
    else:
        typer.echo(
            f"{'ready' if answer['ready'] else 'not ready'}, feed {answer['feed']}, pid {answer['pid']}, page {answer['page'] or '-'}"
        )
        for name, url in answer["addresses"].items():
            typer.echo(f"  {name:<18} {masked(url)}")
        for entry in answer["processes"]:
            note = entry["missing"] or (entry["health"] or "")
            typer.echo(f"  {entry['name']:<18} {entry['state']:<10} pid {entry['pid'] or '-':<8} restarts {entry['restarts']}  {note}")
    if not answer["ready"]:
        raise typer.Exit(1)


def down(data_dir: DataDir = None) -> None:
    """Stop a stack and wait until it has stopped."""
    from runtime.clock import SystemClock
    from tickerplant.stack.status import stop_running

    settings = settings_for(data_dir)
    # Six groups stop one after the other, each within its own time-out.
    stopped = stop_running(settings.data_dir, 6 * settings.stack.stop_timeout_s + 5, SystemClock())
    typer.echo("stopped" if stopped else f"no stack runs on {settings.data_dir}")
