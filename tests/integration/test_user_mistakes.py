"""What a person can mend is one line that says what is wrong and what to do: exit code 2, no traceback, nothing left running."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import run_tickerplant
from tickerplant.stack.lock import holder
from tickerplant.stack.ports import free_port


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", free_port(set())))
        opened.listen()
        yield opened.getsockname()[1]


def refused(*words: str, says: tuple[str, ...], env: dict[str, str] | None = None) -> None:
    done = run_tickerplant(*words, env=env)
    *progress, last = done.stderr.strip().splitlines()
    assert done.returncode == 2, done.stderr
    assert last.startswith("tickerplant: ")
    for word in says:
        assert word in last
    assert "Traceback" not in done.stderr + done.stdout
    assert all(line.startswith("downloading ") for line in progress)


def test_wrong_settings(tmp_path: Path) -> None:
    env = {"TICKERPLANT_KAFKA__PARTITIONS": "none"}
    refused("up", "--data-dir", str(tmp_path), env=env, says=("kafka.partitions", "valid integer", "config show"))


def test_a_misspelt_setting(tmp_path: Path) -> None:
    refused("up", "--data-dir", str(tmp_path), env={"TICKERPLANT_KAFKA__PARTITION": "4"}, says=("TICKERPLANT_KAFKA__PARTITION",))


def test_a_broken_settings_file(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text("[kafka\n")
    env = {"TICKERPLANT_CONFIG": str(tmp_path / "own.toml")}
    refused("up", "--data-dir", str(tmp_path), env=env, says=("settings cannot be read",))


@pytest.mark.parametrize("name", ["kafka", "postgres", "redis"])
def test_an_occupied_port(tmp_path: Path, taken_port: int, name: str) -> None:
    env = {f"TICKERPLANT_STACK__{name.upper()}_PORT": str(taken_port)}
    refused("up", "--data-dir", str(tmp_path), env=env, says=(f"port {taken_port}", f"stack.{name}_port"))


def test_no_space(tmp_path: Path) -> None:
    env = {"TICKERPLANT_STACK__MINIMUM_FREE_MB": "999999999"}
    refused("up", "--data-dir", str(tmp_path), env=env, says=("MB are free", "stack.minimum_free_mb"))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused("up", "--no-feed", "--detach", "--data-dir", str(tmp_path / "file" / "x"), says=("cannot be written", "--data-dir"))


def test_missing_java(tmp_path: Path) -> None:
    env = {"TICKERPLANT_STACK__JAVA": str(tmp_path / "java")}
    refused("up", "--data-dir", str(tmp_path / "data"), env=env, says=("stack.java", "no Java 17"))
    assert holder(tmp_path / "data") is None


@pytest.mark.parametrize("words", [(), ("--detach",)])
def test_offline_install(tmp_path: Path, words: tuple[str, ...]) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TICKERPLANT_STACK__MAVEN_URL": "http://127.0.0.1:9"}
    refused("up", *words, "--data-dir", str(tmp_path / "data"), env=env, says=("cannot be downloaded", "connect to the internet once"))


@pytest.mark.parametrize("part", ["postgres_bin", "redis_server"])
def test_a_missing_server_program(tmp_path: Path, part: str) -> None:
    env = {f"TICKERPLANT_STACK__{part.upper()}": str(tmp_path / "none"), "TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:9"}
    refused("up", "--data-dir", str(tmp_path / "data"), env=env, says=(str(tmp_path / "none"), f"stack.{part}"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--live", "nowhere"), ("nowhere", "binance")),
        (("--symbols", "btcusdt"), ("btcusdt", "BTC-USDT")),
        (("--no-feed", "--live", "binance"), ("--no-feed",)),
    ],
)
def test_wrong_words(tmp_path: Path, words: tuple[str, ...], says: tuple[str, ...]) -> None:
    refused("up", "--data-dir", str(tmp_path), *words, says=says)


def test_nothing_runs(tmp_path: Path) -> None:
    refused("topics", "check", "--data-dir", str(tmp_path), says=("no address for kafka", "tickerplant up"))
