"""Which series a subscription takes."""

from typing import Any

import pytest

from gateway.protocol import BadMessage, Subscribe
from gateway.selector import Selector
from gateway.series import PRIMARY, Channel, SeriesKey


def select(channel: Channel = Channel.OHLCV, symbol: Any = "BTC-USDT", **more: Any) -> Selector:
    return Selector.of(Subscribe(channel=channel, symbol=symbol, **more))


def key(symbol: str = "BTC-USDT", source: str = PRIMARY, timeframe: str = "1m", channel: Channel = Channel.OHLCV) -> SeriesKey:
    return SeriesKey(channel, symbol, source, timeframe)


def test_default_is_the_primary_source_and_one_minute() -> None:
    chosen = select()
    assert chosen.matches(key())
    assert not chosen.matches(key(source="binance"))
    assert not chosen.matches(key(timeframe="5m"))
    assert not chosen.matches(key(channel=Channel.SIGNALS))


def test_any_source_means_every_named_one_and_not_the_primary_again() -> None:
    chosen = select(source="*")
    assert chosen.matches(key(source="binance"))
    assert chosen.matches(key(source="kraken"))
    assert not chosen.matches(key())


def test_lists_and_wildcards() -> None:
    chosen = select(symbol=["BTC-USDT", "ETH-USDT"], timeframe="*")
    assert chosen.matches(key("ETH-USDT", timeframe="1M"))
    assert not chosen.matches(key("SOL-USDT"))
    assert select(symbol="*").matches(key("SOL-USDT"))


def test_ticks_have_no_timeframe() -> None:
    assert select(Channel.TICKS).matches(key(timeframe="", channel=Channel.TICKS))


def test_order_and_repeats_in_a_list_do_not_matter() -> None:
    assert select(symbol=["B", "A", "B"]) == select(symbol=["A", "B"])
    assert select(symbol=["A", "*"]) == select(symbol="*")


def test_exact_keys_are_those_without_a_wildcard() -> None:
    assert set(select(symbol=["A", "B"], timeframe=["1m", "5m"]).exact_keys()) == {key(s, timeframe=t) for s in "AB" for t in ("1m", "5m")}
    assert list(select(timeframe="*").exact_keys()) == []
    assert select(symbol=["A", "B"], timeframe=["1m", "5m"]).weight == 4


def test_only_indicators_take_an_indicator() -> None:
    with pytest.raises(BadMessage):
        select(indicator="rsi")
    assert select(Channel.INDICATORS, indicator="rsi").variant.indicators == ("rsi",)
    assert select(Channel.INDICATORS, indicator="*") == select(Channel.INDICATORS)


def test_description_is_a_subscribe_message() -> None:
    chosen = select(Channel.INDICATORS, symbol=["B", "A"], indicator="rsi", numbers="string")
    again = Selector.of(Subscribe(**chosen.describe()))
    assert again == chosen
