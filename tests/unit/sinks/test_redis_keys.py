"""Names and lifetimes of Redis keys."""

import pytest

from schemas.timeframes import Timeframe
from sinks.redis.keys import guard_key, guard_ttl_s, quote_key, series_key, series_ttl_s


def test_names() -> None:
    assert quote_key("BTC-USDT") == "quote:BTC-USDT"
    assert series_key("bar", "BTC-USDT", "1m") == "bar:BTC-USDT:1m"
    assert guard_key("quote:BTC-USDT") == "guard:{quote:BTC-USDT}"


@pytest.mark.parametrize(("timeframe", "ttl_s"), [("1m", 300), ("5m", 600), ("1d", 172_800), ("1M", 5_356_800), ("unknown", 300)])
def test_a_series_lives_for_two_of_its_bars(timeframe: str, ttl_s: int) -> None:
    assert series_ttl_s(timeframe) == ttl_s


@pytest.mark.parametrize("timeframe", Timeframe)
def test_the_guard_outlives_the_value(timeframe: Timeframe) -> None:
    assert guard_ttl_s(series_ttl_s(timeframe)) > series_ttl_s(timeframe)
