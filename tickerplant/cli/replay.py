"""`tickerplant replay FILE...`: recorded frames through a running stack."""

from pathlib import Path
from typing import Annotated

import typer

from tickerplant.cli.options import AsJson, DataDir, settings_for

Speed = Annotated[str, typer.Option(help="`max`, or a number: times the recorded time.")]
DrainTimeout = Annotated[float, typer.Option(min=1, max=3600, help="Seconds without progress after which the line counts as stuck.")]


def register(app: typer.Typer) -> None:
    app.command("replay", epilog="Example: tickerplant replay btcusdt_20240809.gz --speed 10")(replay)


def replay(
    files: Annotated[list[Path], typer.Argument(help="Captures: `<receive time, ns> <raw JSON>` a line, plain or .gz, in order of time.")],
    speed: Speed = "max",
    drain_timeout: DrainTimeout = 90.0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Play recorded Binance frames into a running stack (`tickerplant up --no-feed --detach`), wait until all is stored, and print what came out."""
    settings = settings_for(data_dir)
    from ingestors.exchange_server.capture import Capture
    from tickerplant.replay.arguments import pace_of, subscribed
    from tickerplant.replay.printing import show, teller
    from tickerplant.replay.run import Plan, run_replay

    pace = pace_of(speed)
    capture = Capture(files)
    title = ", ".join(path.name for path in files)
    plan = Plan(title, "binance", capture, subscribed(capture.contents), pace, capture.contents.frames, drain_timeout)
    raise typer.Exit(show(run_replay(settings, plan, teller()), as_json))
