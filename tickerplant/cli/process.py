"""`tickerplant process STAGE`: one worker of one stage."""

import importlib
from enum import StrEnum
from typing import Annotated

import typer

from tickerplant.cli.options import DataDir, settings_for


class Stage(StrEnum):
    """Stages in the order that a tick passes them."""

    VALIDATE = "validate"
    BARS = "bars"
    INDICATORS = "indicators"
    SIGNALS = "signals"
    ALERTS = "alerts"


Instance = Annotated[int, typer.Option("--instance", min=0, max=1023, help="0 to n - 1 of n workers that share the stage's partitions.")]


def register(app: typer.Typer) -> None:
    @app.command(epilog="Example: tickerplant process bars --instance 1")
    def process(
        stage: Annotated[Stage, typer.Argument(help="The stage to run.", show_choices=True)],
        instance: Instance = 0,
        data_dir: DataDir = None,
    ) -> None:
        """Run one worker of a processor stage until SIGTERM or Ctrl-C."""
        settings = settings_for(data_dir)
        importlib.import_module(f"processors.{stage.value}.agent").run(settings, instance)
