"""Views are found by key and by selection, the same as by looking at all of them."""

import pytest

from gateway.protocol import Subscribe
from gateway.selector import Selector
from gateway.series import Channel, SeriesKey
from gateway.snapshot import Memory
from gateway.view_index import ViewIndex
from gateway.views import View

KEYS = [
    SeriesKey(channel, symbol, source, timeframe)
    for channel, timeframes in ((Channel.TICKS, ("",)), (Channel.OHLCV, ("1m", "5m")))
    for symbol in ("A", "B", "C")
    for source in ("", "one")
    for timeframe in timeframes
]


def index() -> ViewIndex:
    found, memory = ViewIndex(), Memory(5)
    for key in KEYS:
        found.add(View(key, memory))
    return found


@pytest.mark.parametrize(
    "action",
    [
        Subscribe(channel=Channel.TICKS, symbol="*"),
        Subscribe(channel=Channel.TICKS, symbol="*", source="*"),
        Subscribe(channel=Channel.OHLCV, symbol=["A", "X"], source="*", timeframe="*"),
        Subscribe(channel=Channel.OHLCV, symbol="B", timeframe=["1m", "5m"]),
        Subscribe(channel=Channel.SIGNALS, symbol="*"),
    ],
)
def test_selection_finds_what_it_matches(action: Subscribe) -> None:
    selector = Selector.of(action)
    assert [view.key for view in index().matching(selector)] == [key for key in KEYS if selector.matches(key)]


def test_view_is_found_until_it_is_discarded() -> None:
    views, key = index(), KEYS[3]
    found = views.get(key)
    assert found is not None
    assert found.key == key
    views.discard(key)
    views.discard(key)
    assert views.get(key) is None
    assert views.get(SeriesKey(Channel.GAPS, "A", "one", "")) is None
    assert [view.key for view in views] == [other for other in KEYS if other != key]
