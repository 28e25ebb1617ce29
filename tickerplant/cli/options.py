"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

from runtime.settings import Settings, load_settings

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", metavar="DIR", help="Folder of one local stack: its data, logs and addresses. Default: .tickerplant", file_okay=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def settings_for(data_dir: Path | None, **overrides: Any) -> Settings:
    """The settings with the command line's say last."""
    if data_dir is not None:
        overrides["data_dir"] = data_dir
    return load_settings(**overrides)
