"""Which rows are kept for how long."""

from runtime.settings import StorageSettings
from schemas.timeframes import Timeframe
from sinks.timescale.keeping import BAR_TABLES, longest_days, rules_of


def test_every_timeframe_of_every_bar_table_is_under_exactly_one_rule() -> None:
    for table in BAR_TABLES:
        covered = [timeframe for rule in rules_of(StorageSettings()) if rule.table == table for timeframe in rule.values]
        assert sorted(covered) == sorted(one.value for one in Timeframe)


def test_the_times_of_the_requirements_are_the_defaults() -> None:
    days = {timeframe: rule.days for rule in rules_of(StorageSettings()) if rule.table == "market_ohlcv" for timeframe in rule.values}
    years = {name: round(days[name] / 365.25) for name in ("1m", "5m", "12h", "1d", "1M")}
    assert years == {"1m": 3, "5m": 5, "12h": 5, "1d": 10, "1M": 10}
    ticks = {rule.what: rule.days for rule in rules_of(StorageSettings()) if rule.table == "market_ticks"}
    assert ticks == {"major symbols": 365, "other symbols": 182}


def test_the_longest_rule_of_a_table_decides_and_for_ever_is_longest() -> None:
    assert longest_days(rules_of(StorageSettings()), "market_ticks") == 365
    assert longest_days(rules_of(StorageSettings(ticks_days=0)), "market_ticks") == 0
    assert longest_days(rules_of(StorageSettings(ticks_days=900)), "market_ticks") == 900
