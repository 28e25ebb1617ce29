"""The registry of sources: the command's change is a row in PostgreSQL and a record that an ingestor reads."""

import json
import subprocess
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from ingestors.asked_symbols import AskedSymbols
from runtime.errors import UserError
from runtime.settings import Settings, load_settings
from schemas.sources import SourceState
from sinks.timescale.policies import prepare_database
from tests.support import ROOT, run_tickerplant, tickerplant_command
from tickerplant.cli.main import build
from tickerplant.registry import changes, keys
from tickerplant.registry.changes import Change, change_source
from tickerplant.registry.store import registry_at
from tickerplant.registry.vault import new_key

pytestmark = pytest.mark.stack


@pytest.fixture
def registered(make_line: Any) -> Any:
    """A line with tables and an encryption key."""
    line = make_line(secrets={"keys": [new_key()]})
    prepare_database(line.addresses.postgres, line.settings.storage)
    return line


def state_read(line: Any, source: str) -> SourceState | None:
    reader = AskedSymbols(line.settings.kafka, line.addresses.kafka, source)
    reader.newest()
    state = reader.state
    reader.close()
    return state


def test_each_change_is_stored_and_told_and_leaves_the_rest_as_it_was(registered: Any) -> None:
    settings = registered.settings
    assert state_read(registered, "coinbase") is None
    for change, expected in (
        (Change(priority=20), (True, 20, False)),
        (Change(enabled=False), (False, 20, False)),
        (Change(restart=True), (False, 20, True)),
        (Change(enabled=True), (True, 20, True)),
        (Change(to_settings=True), (True, None, True)),
    ):
        state = change_source(settings, "coinbase", change)
        assert (state.enabled, state.priority, state.restarted_ns > 0) == expected
        assert state_read(registered, "coinbase") == state
    with registry_at(registered.addresses.postgres) as registry:
        (entry,) = registry.entries().values()
    assert (entry.provider, entry.enabled, entry.priority, entry.restarted_ns) == ("coinbase", True, None, state.restarted_ns)
    assert state_read(registered, "binance") is None


def test_mistakes_are_told_before_anything_is_written(registered: Any) -> None:
    for provider, change, said in (
        ("ftx", Change(enabled=True), "FTX stopped"),
        ("nowhere", Change(), "no provider 'nowhere'"),
        ("coinbase", Change(credential=SecretStr("x")), "coinbase needs no key"),
    ):
        with pytest.raises(UserError, match=said):
            change_source(registered.settings, provider, change)
    change_source(registered.settings, "coinbase", Change(), add=True)
    with pytest.raises(UserError, match="coinbase is in the registry already"):
        change_source(registered.settings, "coinbase", Change(), add=True)


def test_a_key_is_stored_encrypted_given_to_its_provider_and_rotated(registered: Any) -> None:
    settings, secret = registered.settings, SecretStr("a-key-that-nobody-sees")
    change_source(settings, "fmp", Change(credential=secret))
    [(token,)] = _query(registered, "SELECT credential FROM market_source_registry")
    assert secret.get_secret_value() not in token
    assert keys.with_stored_key(settings, "fmp").providers.fmp.api_key == secret
    assert keys.with_stored_key(settings, "binance") is settings
    own = load_settings(providers={"fmp": {"api_key": "own"}})
    assert keys.with_stored_key(own, "fmp") is own
    newer = _with_keys(settings, SecretStr(new_key()), *settings.secrets.keys)
    assert changes.rotate(newer) == ["fmp"]
    assert keys.with_stored_key(_with_keys(settings, newer.secrets.keys[0]), "fmp").providers.fmp.api_key == secret
    with pytest.raises(UserError, match=r"no key of secrets\.keys opens"):
        keys.with_stored_key(settings, "fmp")


def with_key(line: Any) -> dict[str, str]:
    """The line's environment, with its encryption keys."""
    encryption = json.dumps([key.get_secret_value() for key in line.settings.secrets.keys])
    return dict(line.env(TICKERPLANT_SECRETS__KEYS=encryption))


def test_a_key_comes_by_standard_input_and_is_shown_nowhere(registered: Any) -> None:
    command = tickerplant_command("sources", "add", "fmp", "--key")
    done = subprocess.run(
        command,
        input="a-key-that-nobody-sees\n",
        env=with_key(registered),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout) == (0, "fmp: enabled, priority 100\n"), done.stderr
    listed, document = said(registered, "list"), said(registered, "list", "--json")
    assert "enabled, priority 100, key stored" in listed
    assert "a-key-that-nobody-sees" not in done.stdout + done.stderr + listed + document
    assert "gAAAA" not in document


def _with_keys(settings: Settings, *encryption: SecretStr) -> Settings:
    return settings.model_copy(update={"secrets": settings.secrets.model_copy(update={"keys": encryption})})


def _query(line: Any, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(line.addresses.postgres) as connection:
        return connection.execute(statement).fetchall()  # type: ignore[call-overload, no-any-return]


def test_the_commands(registered: Any) -> None:
    assert said(registered, "add", "coinbase", "--priority", "20") == "coinbase: enabled, priority 20\n"
    done = json.loads(said(registered, "disable", "coinbase", "--json"))
    assert done == {"provider": "coinbase", "source": "coinbase", "enabled": False, "priority": 20}
    listed = said(registered, "list")
    assert "disabled, priority 20; not running" in listed
    assert "licence: public market data of Coinbase Exchange" in listed
    document = json.loads(said(registered, "list", "--json"))
    coinbase = next(one for one in document["providers"] if one["name"] == "coinbase")
    shown = (coinbase["state"], coinbase["priority"], coinbase["key_state"], coinbase["health"]["running"])
    assert shown == ("disabled", 20, "none needed", False)
    assert "coinbase             disabled  not running" in said(registered, "health")
    wrong = run_tickerplant("sources", "priority", "coinbase", env=registered.env())
    assert (wrong.returncode, wrong.stderr) == (2, "tickerplant: give a number of 0 to 1000, or --reset\n")


def said(line: Any, *words: str) -> str:
    """What `tickerplant sources ...` prints."""
    done = CliRunner().invoke(build(), ["sources", *words], env=with_key(line))
    assert done.exit_code == 0, done.output
    return done.stdout
