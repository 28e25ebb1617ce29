"""`tickerplant exchange`: the simulated exchange, the default feed of a local stack."""

from typing import Annotated

import typer

from tickerplant.cli.options import DataDir, settings_for

Speed = Annotated[
    str,
    typer.Option(
        help="1: the history as fast as it is read, then the real clock; another number: times real time from the start; `max`: as fast as it is read."
    ),
]
Seed = Annotated[int, typer.Option(help="The same seed gives the same market.")]
TradesPerS = Annotated[float, typer.Option("--trades-per-s", min=0.001, max=100_000, help="Trades a second of each symbol.")]


def register(app: typer.Typer) -> None:
    app.command("exchange", epilog="Example: tickerplant exchange --symbols BTC-USDT --seed 7 --speed 10 --port 9443")(exchange)


def exchange(
    symbols: Annotated[str, typer.Option(help="Comma-separated, as BTC-USDT,ETH-USDT. Default: binance.symbols.")] = "",
    seed: Seed = 1,
    speed: Speed = "1",
    history: Annotated[float, typer.Option(min=0, max=525_600, help="Minutes of event time before now with which it starts.")] = 120,
    trades_per_s: TradesPerS = 4.0,
    host: str = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: a free one.")] = 0,
    data_dir: DataDir = None,
) -> None:
    """Serve generated prices in Binance's own WebSocket and REST protocol until SIGTERM or Ctrl-C. They are no market data."""
    settings = settings_for(data_dir)
    from tickerplant.replay.arguments import live_pace_of, symbols_of
    from tickerplant.replay.exchange import run_exchange

    chosen = symbols_of(symbols) if symbols else settings.binance.symbols
    run_exchange(settings, chosen, seed, live_pace_of(speed), history, trades_per_s, host, port)
