"""What a person can mend is one line that says what is wrong and what to do: exit code 2, no traceback, nothing left running."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import run_tickerplant
from tickerplant.cli import main
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


AWAY = {
    "TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:9",
    "TICKERPLANT_POSTGRES__URL": "postgresql://me:pencil@127.0.0.1:9/x",
    "TICKERPLANT_REDIS__URL": "redis://:pencil@127.0.0.1:9/0",
}


@pytest.mark.parametrize("words", [("dlq", "list", "--json"), ("dlq", "show", "0:0")])
def test_kafka_is_away(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run_tickerplant(*words, "--data-dir", str(tmp_path), env=AWAY)
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert "Kafka" in line
    assert "does not answer" in line
    assert "KafkaError{" not in line


def test_the_topics_of_a_broker_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("runtime.topic_admin._TIMEOUT_S", 0.5)
    monkeypatch.setenv("TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:9")
    monkeypatch.setattr("sys.argv", ["tickerplant", "topics", "check", "--data-dir", str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        main.run()
    out, err = capfd.readouterr()
    [line] = err.splitlines()
    assert (caught.value.code, out) == (2, "")
    assert "Kafka at 127.0.0.1:9 does not answer" in line
    assert "KafkaError{" not in line


@pytest.mark.parametrize("words", [("migrate",), ("migrate", "--dry-run"), ("verify",)])
def test_postgres_is_away(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run_tickerplant(*words, "--data-dir", str(tmp_path), env=AWAY)
    [line] = done.stderr.splitlines()
    assert done.returncode == 2
    assert "does not answer" in line
    assert "pencil" not in line


@pytest.mark.parametrize("words", [("migrate",), ("sink", "timescale")])
@pytest.mark.parametrize("url", ["postgresql://me:pencil/pencil@db/x", "pencil", "postgresql://me:pencil%@db/x"])
def test_a_wrong_database_address(tmp_path: Path, words: tuple[str, ...], url: str) -> None:
    env = AWAY | {"TICKERPLANT_POSTGRES__URL": url}
    done = run_tickerplant(*words, "--data-dir", str(tmp_path), env=env)
    assert done.returncode == 2
    assert "pencil" not in done.stderr + done.stdout
    [line] = done.stderr.splitlines()
    assert line.startswith("tickerplant: setting postgres.url: ")


@pytest.mark.parametrize("words", [("migrate",), ("verify",)])
def test_what_only_the_database_client_refuses_is_not_quoted(tmp_path: Path, words: tuple[str, ...]) -> None:
    env = AWAY | {"TICKERPLANT_POSTGRES__URL": "postgresql://me:pencil@127.0.0.1:9/x?no_such_option=pencil"}
    done = run_tickerplant(*words, "--data-dir", str(tmp_path), env=env)
    [line] = done.stderr.splitlines()
    assert done.returncode == 2
    assert "postgres.url" in line
    assert "pencil" not in line


def test_a_broken_stack_file(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "stack.json").write_text("{")
    refused("topics", "check", "--data-dir", str(tmp_path), says=("stack.json cannot be read",))


@pytest.mark.parametrize("words", [("gateway",), ("process", "bars"), ("sink", "redis")])
def test_tls_files_that_are_none(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    env = AWAY | {"TICKERPLANT_KAFKA__SECURITY_PROTOCOL": "SSL", "TICKERPLANT_KAFKA__SSL_CA_LOCATION": str(tmp_path / "ca.pem")}
    done = run_tickerplant(*words, "--data-dir", str(tmp_path), env=env)
    assert done.returncode == 2, done.stderr
    assert "ssl.ca.location" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_the_login_of_a_mirror_is_not_shown(tmp_path: Path) -> None:
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache"), "TICKERPLANT_STACK__MAVEN_URL": "http://me:pencil@127.0.0.1:9"}
    done = run_tickerplant("up", "--data-dir", str(tmp_path / "data"), env=env)
    assert done.returncode == 2
    assert "from http://127.0.0.1:9" in done.stderr
    assert "pencil" not in done.stderr + done.stdout
