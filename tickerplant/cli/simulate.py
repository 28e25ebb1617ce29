"""`tickerplant simulate`: generated prices through a running stack."""

from typing import Annotated

import typer

from tickerplant.cli.options import AsJson, DataDir, settings_for


def register(app: typer.Typer) -> None:
    app.command("simulate", epilog="Example: tickerplant simulate --seed 7 --length 45m --symbols BTC-USDT")(simulate)


def simulate(
    seed: Annotated[int, typer.Option(help="The same seed gives the same market.")] = 7,
    length: Annotated[str, typer.Option(help="Event time: 90s, 45m, 3h, 2d.")] = "3h",
    symbols: Annotated[str, typer.Option(help="Comma-separated.")] = "BTC-USDT,ETH-USDT,SOL-USDT",
    speed: Annotated[str, typer.Option(help="`max`, or a number: times real time.")] = "max",
    trades_per_s: Annotated[float, typer.Option("--trades-per-s", min=0.001, max=100_000, help="Of each symbol; as many quotes.")] = 4.0,
    start: Annotated[
        str, typer.Option(help="ISO time of the first event, UTC. Fixed by default, so that a seed always gives the same events.")
    ] = "2024-01-01T00:00:00Z",
    drain_timeout: Annotated[
        float, typer.Option(min=1, max=3600, help="Seconds without progress after which the line counts as stuck.")
    ] = 90.0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Play generated prices into a running stack, labelled `binance-simulated` everywhere, wait until all is stored, and print what came out."""
    settings = settings_for(data_dir)
    from ingestors.exchange_server.generator import Generated, Generator
    from tickerplant.replay.arguments import STREAMS, pace_of, seconds_of, start_of, symbols_of
    from tickerplant.replay.printing import show, teller
    from tickerplant.replay.run import Plan, run_replay

    length_s = seconds_of(length)
    generated = Generated(symbols_of(symbols), seed, start_of(start), length_s, trades_per_s)
    plan = Plan(f"simulated {length}, seed {seed}", "binance-simulated", Generator(generated), STREAMS, pace_of(speed), 0, drain_timeout)
    raise typer.Exit(show(run_replay(settings, plan, teller()), as_json))
