"""Streams by address."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.protocol import BadMessage, Filters, Subscribe
from gateway.series import Channel
from gateway.urls import is_stream, subscription_of


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/api/streams/ticks/BTC-USD", Subscribe(channel=Channel.TICKS, symbol="BTC-USD")),
        ("/api/streams/ohlcv/ETH-USD/1m", Subscribe(channel=Channel.OHLCV, symbol="ETH-USD", timeframe="1m")),
        ("/api/streams/orderbook/BTC-USD", Subscribe(channel=Channel.ORDERBOOK, symbol="BTC-USD")),
        (
            "/api/streams/indicators/BTC-USD/5m?indicator=rsi",
            Subscribe(channel=Channel.INDICATORS, symbol="BTC-USD", timeframe="5m", indicator=["rsi"]),
        ),
        ("/api/streams/market-summary", Subscribe(channel=Channel.MARKET_SUMMARY)),
        ("/api/streams/alerts", Subscribe(channel=Channel.ALERTS)),
        (
            "/api/streams/ticks/BRK%2FB?numbers=string&quality_threshold=0.8&max_per_s=5&snapshot=0",
            Subscribe(
                channel=Channel.TICKS, symbol="BRK/B", numbers="string", filters=Filters(quality_threshold=0.8), max_per_s=5.0, snapshot=0
            ),
        ),
    ],
)
def test_addresses_of_the_plan(target: str, expected: Subscribe) -> None:
    assert is_stream(target)
    found = subscription_of(target)
    assert found == expected


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ("/api/streams/weather/A", "channel"),
        ("/api/streams/", "channel"),
        ("/api/streams/ticks", "symbol"),
        ("/api/streams/ticks/A/1m", ""),
        ("/api/streams/ohlcv/A/7m", "timeframe"),
        ("/api/streams/ticks/A?min_volume=much", ""),
        ("/api/streams/ticks/A?depth=3", "depth"),
        ("/ws?depth=3", "depth"),
        ("/api/streams/ticks/A?min_volume=sNaN", "filters.min_volume"),
        ("/api/streams/ticks/A?snapshot=" + "9" * 5000, ""),
        ("//[abc/ws", ""),
    ],
)
def test_address_that_means_nothing_is_refused(target: str, field: str) -> None:
    with pytest.raises(BadMessage) as caught:
        subscription_of(target)
    assert caught.value.field == field


def test_plain_socket_subscribes_to_nothing() -> None:
    assert subscription_of("/ws") is None
    assert not is_stream("/wsx")
    assert not is_stream("/index.html")
    assert not is_stream("//[abc/ws")


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_address_is_understood_or_refused(path: str, query: str) -> None:
    with suppress(BadMessage):
        assert isinstance(subscription_of(f"/api/streams/{path}?{query}"), Subscribe)
