"""The entry point: every error is one line with its exit code, and every command shows how it is used."""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from runtime.errors import FatalError, TransientError, UserError
from tickerplant.cli import main

main.build()
COMMANDS = (
    *("up", "replay", "simulate", "verify", "rebuild bars", "dlq list", "dlq show", "topics apply", "migrate", "ingest", "process"),
    *("sink timescale", "sink redis", "gateway", "exchange", "config show"),
)


@pytest.mark.parametrize(
    ("error", "code"), [(UserError("wrong\n  word"), 2), (TransientError("wrong\n  word"), 1), (FatalError("wrong\n  word"), 70)]
)
def test_an_error_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: int) -> None:
    def build() -> Callable[[], None]:
        raise error

    monkeypatch.setattr(main, "build", build)
    with pytest.raises(SystemExit) as caught:
        main.run()
    assert caught.value.code == code
    assert capsys.readouterr().err == "tickerplant: wrong word\n"


def _help(command: str) -> str:
    return CliRunner().invoke(main.app, [*command.split(), "--help"]).stdout


def test_help_shows_an_example() -> None:
    for command in COMMANDS:
        assert f"tickerplant {command}" in " ".join(_help(command).partition("Example:")[2].split()), command


def test_no_command_is_there_twice_however_often_the_app_is_built() -> None:
    functions = [command.callback for command in (main.build(), main.build())[0].registered_commands]
    assert functions
    assert len(functions) == len(set(functions))


def test_the_help_of_ingest_names_the_providers() -> None:
    assert "The provider, as binance or coinbase." in _help("ingest")
