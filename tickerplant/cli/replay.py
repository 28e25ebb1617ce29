"""`tickerplant replay FILE...`: recorded frames through a running stack."""

from pathlib import Path
from typing import Annotated

import typer

from runtime.errors import UserError
from runtime.settings import Settings
from tickerplant.cli.options import AsJson, DataDir, settings_for

Speed = Annotated[str, typer.Option(help="`max`, or a number: times the recorded time.")]
DrainTimeout = Annotated[float, typer.Option(min=1, max=3600, help="Seconds without progress after which the line counts as stuck.")]


def register(app: typer.Typer) -> None:
    app.command("replay", epilog="Example: tickerplant replay btcusdt_20240809.gz --speed 10")(replay)


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Captures in order of time: `<receive time, ns> <raw JSON>` a line, plain or .gz; or an ingestor's own, .frames.gz."
        ),
    ],
    speed: Speed = "max",
    drain_timeout: DrainTimeout = 90.0,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Play recorded frames of Binance, or a capture of any provider (ingest.capture), into a running stack (`tickerplant up --no-feed --detach`), wait until all is stored, and print what came out."""
    settings = settings_for(data_dir)
    if any(path.name.endswith(".frames.gz") for path in files):
        raise typer.Exit(_replay_raw(settings, files, speed, drain_timeout, as_json))
    from ingestors.exchange_server.capture import Capture
    from tickerplant.replay.arguments import pace_of, subscribed
    from tickerplant.replay.printing import show, teller
    from tickerplant.replay.run import Plan, run_replay

    pace = pace_of(speed)
    capture = Capture(files)
    title = ", ".join(path.name for path in files)
    plan = Plan(title, "binance", capture, subscribed(capture.contents), pace, capture.contents.frames, drain_timeout)
    raise typer.Exit(show(run_replay(settings, plan, teller()), as_json))


def _replay_raw(settings: Settings, files: list[Path], speed: str, drain_timeout: float, as_json: bool) -> int:
    from tickerplant.replay.printing import show, teller
    from tickerplant.replay.raw import run_raw_replay

    if speed != "max":
        raise UserError("an ingestor's own capture is played as fast as it goes: leave --speed out")
    return show(run_raw_replay(settings, files, drain_timeout, teller()), as_json)
