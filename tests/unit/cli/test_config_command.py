"""`config show | check`: all settings, described, with no secret in them."""

import json

import pytest

from tests.support import run_tickerplant

SECRETS = {
    "TICKERPLANT_POSTGRES__URL": "postgresql://me:pencil@db/x",
    "TICKERPLANT_REDIS__URL": "redis://:pencil@cache/0",
    "TICKERPLANT_KAFKA__SASL_PASSWORD": "pencil",
}


def test_every_setting_is_shown_with_a_description_and_secrets_are_masked() -> None:
    done = run_tickerplant("config", "show", "--json", env=SECRETS)
    shown = json.loads(done.stdout)
    assert "pencil" not in done.stdout
    assert {key for key, entry in shown.items() if entry["value"] == "***"} == {"postgres.url", "redis.url", "kafka.sasl_password"}
    assert [key for key, entry in shown.items() if not entry["description"]] == []
    assert {key for key, entry in shown.items() if not entry["default"]} == {"postgres.url", "redis.url", "kafka.sasl_password"}


def test_text_marks_what_differs_from_the_default() -> None:
    lines = run_tickerplant("config", "show", env=SECRETS | {"TICKERPLANT_SINK__BATCH_ROWS": "7"}).stdout.splitlines()
    marked = {line.split()[1] for line in lines if line.startswith("* ") and " = " in line}
    assert marked == {"postgres.url", "redis.url", "kafka.sasl_password", "sink.batch_rows"}
    assert not any("pencil" in line for line in lines)


def test_good_settings() -> None:
    done = run_tickerplant("config", "check", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"ok": True})


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("PROCESS__MACD_FAST", "30", "macd_fast (30) must be below macd_slow (26)"),
        ("KAFKA__SECURITY_PROTOCOL", "SASL_SSL", "needs sasl_username and sasl_password"),
        ("KAFKA__SSL_CA_LOCATION", "/nowhere.pem", "/nowhere.pem is not there"),
        ("PROCESS__SIGNAL_WEIGHTS", '{"macd": 0, "rsi": 0, "momentum": 0}', "all are 0"),
        ("KAFKA__TOPIC_NAMES", '{"market.bars": "x", "market.ticks": "x"}', "one name to two topics"),
        ("LOG__LEVEL", "loud", "log.level"),
        ("PROCESS__INDICATORS", '{"also": ["atr_1"]}', "atr takes period (a whole number from 2 to 500, default 14)"),
        ("PROCESS__INDICATORS__ALSO", '["nix"]', "indicator 'nix' is not known; allowed are all and"),
        ("NOSUCH__KEY", "1", "TICKERPLANT_NOSUCH__KEY"),
    ],
)
def test_one_line_says_what_is_wrong(variable: str, value: str, says: str) -> None:
    done = run_tickerplant("config", "check", env={f"TICKERPLANT_{variable}": value})
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert says in line
