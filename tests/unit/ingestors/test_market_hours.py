"""A connection is to bring data while one of its symbols' markets is open."""

from datetime import UTC, datetime

import pytest

from ingestors.market_hours import market_open
from runtime.clock import ManualClock

SATURDAY, WEDNESDAY = datetime(2024, 1, 13, 15, tzinfo=UTC), datetime(2024, 1, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "symbols", "is_open"),
    [
        (SATURDAY, ["AAPL", "EUR-USD"], False),
        (SATURDAY, ["AAPL", "BTC-USD"], True),
        (WEDNESDAY, ["AAPL"], True),
        (SATURDAY, [], False),
        (SATURDAY, ["GOLD"], True),
    ],
)
def test_some_symbol_trades(at: datetime, symbols: list[str], is_open: bool) -> None:
    clock = ManualClock(int(at.timestamp()) * 1_000_000_000)
    assert market_open(clock, {"GOLD": "crypto"}, symbols) is is_open
