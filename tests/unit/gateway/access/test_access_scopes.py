"""Patterns of channel and symbol, and that one more ceiling never allows more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.scopes import Pattern, ceiling, refused

_CHANNELS = st.sampled_from(["ticks", "ohlcv", "signals", "*"])
_SYMBOLS = st.sampled_from(["BTC-USDT", "BTC-EUR", "ETH-USDT", "BTC-*", "*", ""])
_PATTERNS = st.builds(lambda channel, symbol: f"{channel}:{symbol}" if symbol else channel, _CHANNELS, _SYMBOLS)
_CEILINGS = st.lists(st.lists(_PATTERNS, max_size=4).map(ceiling), max_size=4)


@pytest.mark.parametrize(
    ("pattern", "channel", "symbol", "covers"),
    [
        ("ticks", "ticks", "BTC-USDT", True),
        ("ticks", "ticks", "*", True),
        ("ticks", "ohlcv", "BTC-USDT", False),
        ("*", "alerts", "*", True),
        ("*:BTC-*", "ohlcv", "BTC-USDT", True),
        ("*:BTC-*", "ohlcv", "ETH-USDT", False),
        ("*:BTC-*", "ohlcv", "*", False),
        ("ticks:BTC-USDT", "ticks", "BTC-USDT", True),
        ("ticks:BTC-USDT", "ticks", "BTC-USDTX", False),
        ("ticks:BTC-USDT", "ticks", "*", False),
        ("openid", "ticks", "BTC-USDT", False),
        ("ticks:", "ticks", "BTC-USDT", False),
        ("ticks:", "ticks", "*", False),
        ("*:", "alerts", "*", False),
        ("", "ticks", "BTC-USDT", False),
    ],
)
def test_covers(pattern: str, channel: str, symbol: str, covers: bool) -> None:
    assert Pattern.of(pattern).covers(channel, symbol) is covers


def test_first_symbol_that_is_not_covered() -> None:
    assert refused([ceiling(["ticks:BTC-*"])], "ticks", ["BTC-USDT", "ETH-USDT"]) == "ETH-USDT"
    assert refused([ceiling(["ticks"]), ()], "ticks", ["BTC-USDT"]) == "BTC-USDT"
    assert refused([], "ticks", ["*"]) is None


@given(ceilings=_CEILINGS, more=st.lists(_PATTERNS, max_size=4).map(ceiling), channel=_CHANNELS, symbol=_SYMBOLS)
def test_one_more_ceiling_only_narrows(ceilings: list[tuple[Pattern, ...]], more: tuple[Pattern, ...], channel: str, symbol: str) -> None:
    if refused([*ceilings, more], channel, [symbol]) is None:
        assert refused(ceilings, channel, [symbol]) is None
