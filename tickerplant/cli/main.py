"""The command `tickerplant`: one file a command in this folder; this one puts them together and turns an error into one line."""

import importlib
import importlib.util
import sys
from functools import cache
from typing import NoReturn

import typer

from runtime.errors import EXIT_FATAL, FatalError, TransientError, UserError

app = typer.Typer(
    name="tickerplant",
    help="An event-streaming market-data pipeline on Kafka: exact ticks, bars, indicators and signals, stored and streamed.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain errors: one line that says what is wrong
    pretty_exceptions_enable=False,
    add_completion=False,
)

# Every module here has `register(app)`. One line a command keeps the start fast: modules import their heavy parts inside the command.
COMMANDS = (
    "stack",
    "topics",
    "migrate",
    "ingest",
    "exchange",
    "process",
    "sink",
    "gateway",
    "token",
    "simulate",
    "replay",
    "importing",
    "backfill",
    "schedule",
    "verify",
    "retention",
    "repair",
    "symbols",
    "sources",
    "dataset",
    "rebuild",
    "alerts",
    "dlq",
    "cache",
    "config",
)


@cache
def build() -> typer.Typer:
    """The app with all commands whose modules exist, each once however often this is called."""
    for name in filter(_exists, COMMANDS):
        importlib.import_module(f"tickerplant.cli.{name}").register(app)
    return app


def _exists(name: str) -> bool:
    return importlib.util.find_spec(f"tickerplant.cli.{name}") is not None


def run() -> None:
    """Entry point. One line and an exit code: 2 for a user's mistake, 1 if trying again may help, 70 if going on would falsify data."""
    try:
        build()()
    except UserError as error:
        _end(error, 2)
    except TransientError as error:
        _end(error, 1)
    except FatalError as error:
        _end(error, EXIT_FATAL)


def _end(error: Exception, code: int) -> NoReturn:
    print(f"tickerplant: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
    sys.exit(code)
