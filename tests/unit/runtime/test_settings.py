"""Settings: typed, frozen, unknown keys refused wherever they stand, secrets masked, one line for a mistake."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from runtime.errors import UserError
from runtime.settings import CONFIG_FILE_VARIABLE, load_settings
from schemas.timeframes import Timeframe
from schemas.topics import Topic


@pytest.fixture(autouse=True)
def _no_file_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_need_no_file_and_no_variable() -> None:
    settings = load_settings()
    assert settings.kafka.bootstrap_servers is None
    assert settings.process.timeframes == tuple(Timeframe)


def test_later_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[kafka]\npartitions = 8\n[sink]\nbatch_rows = 7\n")
    monkeypatch.setenv(CONFIG_FILE_VARIABLE, str(path))
    monkeypatch.setenv("TICKERPLANT_KAFKA__PARTITIONS", "16")
    settings = load_settings(data_dir=tmp_path / "d")
    assert (settings.kafka.partitions, settings.sink.batch_rows, settings.data_dir) == (16, 7, tmp_path / "d")


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("TICKERPLANT_KAFKA__PARTITIONZ", "4", "TICKERPLANT_KAFKA__PARTITIONZ"),
        ("TICKERPLANT_NOTHING", "4", "TICKERPLANT_NOTHING"),
        ("TICKERPLANT_KAFKA__PARTITIONS", "many", "kafka.partitions"),
        ("TICKERPLANT_KAFKA__PARTITIONS", "0", "kafka.partitions"),
        ("TICKERPLANT_BINANCE__SOURCE", "Not A Name", "binance.source"),
        (CONFIG_FILE_VARIABLE, "/nowhere.toml", "/nowhere.toml"),
    ],
)
def test_a_mistake_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str, part: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as caught:
        load_settings()
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)


def test_unknown_key_in_the_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[kafka]\npartitionz = 8\n")
    monkeypatch.setenv(CONFIG_FILE_VARIABLE, str(path))
    with pytest.raises(UserError, match="partitionz"):
        load_settings()


def test_a_broken_file_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text("[kafka\n")
    monkeypatch.setenv(CONFIG_FILE_VARIABLE, str(path))
    with pytest.raises(UserError, match="cannot be read"):
        load_settings()


def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKERPLANT_POSTGRES__URL", "postgresql://u:hidden@h/db")
    monkeypatch.setenv("TICKERPLANT_KAFKA__SASL_PASSWORD", "hidden")
    settings = load_settings()
    assert "hidden" not in repr(settings)
    assert "hidden" not in settings.model_dump_json()


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        load_settings().kafka.partitions = 3


def test_physical_topic_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TICKERPLANT_KAFKA__TOPIC_NAMES", '{"market.ticks": "market_data_feed"}')
    kafka = load_settings().kafka
    assert kafka.topic(Topic.TICKS) == "market_data_feed"
    assert kafka.topic(Topic.BARS) == "market.bars"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("REDIS__URL", "http://:pencil@cache/0", "rediss:// for tls"),
        ("REDIS__URL", "redis://:pencil@cache/zero", "no number"),
        ("REDIS__URL", "redis://:pencil@cache:port", "host or port"),
        ("REDIS__URL", "redis://[:pencil@cache", "no URL"),
        ("POSTGRES__URL", "host=db password=pencil", "write postgresql://"),
        ("POSTGRES__URL", "mysql://me:pencil@db/x", "write postgresql://"),
        ("POSTGRES__URL", "postgresql://me:pencil@/x", "no host"),
        ("POSTGRES__URL", "postgresql:///pencil", "no host"),
        ("POSTGRES__URL", "postgresql://me:pen%cil@db/x", "% as %25"),
        ("POSTGRES__URL", "postgresql://me:pencil/pencil@db/x", "/ as %2F"),
        ("POSTGRES__URL", "postgresql://me:pencil#1@db/x", "# as %23"),
        ("POSTGRES__URL", "postgresql://me:pencil@1@db/x", "@ as %40"),
        ("POSTGRES__URL", "postgresql://me:pencil@db:pencil/x", "host or port"),
        ("FAULTS__KILL_AT", "pencil", "process:point:times"),
        ("FAULTS__KILL_AT", "bars:outputs_delivered:pencil", "process:point:times"),
    ],
)
def test_a_wrong_form_is_refused_without_the_value(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    monkeypatch.setenv(f"TICKERPLANT_{name}", value)
    with pytest.raises(UserError) as caught:
        load_settings()
    assert name.lower().replace("__", ".") in str(caught.value)
    assert says.lower() in str(caught.value).lower()
    assert "pencil" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS__URL", "redis://cache"),
        ("REDIS__URL", "rediss://me:p%40ss@cache:6380/3?socket_timeout=2"),
        ("REDIS__URL", "unix:///run/redis.sock?db=1"),
        ("POSTGRES__URL", "postgres://me@db"),
        ("POSTGRES__URL", "postgresql://me:p%40ss@[::1]:5432/x?sslmode=verify-full&sslrootcert=/etc/ca.pem"),
        ("POSTGRES__URL", "postgresql://me:pass@one:5432,two:5433/x?target_session_attrs=read-write"),
        ("POSTGRES__URL", "postgresql:///x?host=/run/postgresql"),
        ("FAULTS__KILL_AT", "process-bars-1:outputs_delivered:3,gateway:message_sent:1"),
    ],
)
def test_good_forms(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TICKERPLANT_{name}", value)
    load_settings()


def test_a_file_that_is_not_there_is_named_as_it_was_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("KAFKA__SSL_CA_LOCATION", "KAFKA__SSL_CERTIFICATE_LOCATION", "KAFKA__SSL_KEY_LOCATION", "REDIS__SSL_CA_LOCATION"):
        with monkeypatch.context() as patch:
            patch.setenv(f"TICKERPLANT_{name}", str(tmp_path / "CA.pem"))
            with pytest.raises(UserError, match=r"/CA\.pem is not there"):
                load_settings()
