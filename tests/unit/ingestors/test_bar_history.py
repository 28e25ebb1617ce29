"""What every provider's past promises, whatever order its answers have."""

import pytest

from ingestors.bar_history import bar_history_of, page_of
from runtime.clock import SystemClock
from runtime.errors import UserError
from runtime.settings import Settings
from schemas.bars import ProviderBar
from schemas.timeframes import MINUTE_NS


def _bar(minute: int, close: str = "1") -> ProviderBar:
    opens_ns = minute * MINUTE_NS
    prices = {"open": "1", "high": "2", "low": "1", "close": close, "volume": "0", "quote_volume": "0", "vwap": "1"}
    times = {"ts_open_ns": opens_ns, "ts_close_ns": opens_ns + MINUTE_NS, "known_at_ns": 0}
    more = {"trade_count": 0, "kind": "provider", "revision": 0, "quality": 1.0, "reasons": ()}
    return ProviderBar(symbol="BTC-USD", source="polled", timeframe="1m", **prices, **times, **more)  # type: ignore[arg-type]


def test_a_page_is_ascending_closed_within_the_range_and_without_repeats() -> None:
    rows = [_bar(9), _bar(5), _bar(4), _bar(4, "2"), _bar(3), _bar(2)]
    page = page_of(rows, 3 * MINUTE_NS, 20 * MINUTE_NS, 9 * MINUTE_NS + 1)
    assert [(bar.ts_open_ns // MINUTE_NS, bar.close) for bar in page.bars] == [(3, "1"), (4, "2"), (5, "1")]


@pytest.mark.parametrize(("next_minute", "expected"), [(6, 6), (3, None), (9, None), (12, None)])
def test_a_next_page_lies_behind_this_one_and_before_the_end_and_the_present(next_minute: int, expected: int | None) -> None:
    page = page_of([_bar(4)], 3 * MINUTE_NS, 9 * MINUTE_NS, 10 * MINUTE_NS, next_minute * MINUTE_NS)
    assert page.next_ns == (None if expected is None else expected * MINUTE_NS)


def test_a_closed_provider_has_no_past() -> None:
    with pytest.raises(UserError, match="FTX stopped"):
        bar_history_of("ftx", Settings(), SystemClock())
