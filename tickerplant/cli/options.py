"""Options that several commands share."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from runtime.errors import UserError
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


def time_of(option: str, text: str) -> datetime:
    """A time as users write it, UTC unless it names a zone."""
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{option} {text} is no time; write it as 2024-08-09 or 2024-08-09T00:00:00") from None
    return given if given.tzinfo else given.replace(tzinfo=UTC)


def time_ns_of(option: str, text: str) -> int:
    """The same as nanoseconds since 1970, to the microsecond."""
    return (time_of(option, text) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
