"""The largest changes since the last daily bar."""

from typing import Any

import pytest

from sinks.redis.movers import SHOWN, movers

CLOSE_NS = 1_000


def day(close: str, source: str = "binance") -> dict[str, Any]:
    return {"close": close, "source": source, "ts_close_ns": CLOSE_NS}


def traded(symbol: str, price: str | None, at_ns: int = CLOSE_NS, **changes: Any) -> dict[str, Any]:
    of_trade = {"price": price, "trade_ts_event_ns": at_ns, "bid": None, "ask": None, "quote_ts_event_ns": None}
    return {"symbol": symbol, "source": "binance", **of_trade, **changes}


def test_the_largest_changes_come_first() -> None:
    newest_ns, sides = movers(
        [
            (traded("A", "101"), day("100")),
            (traded("B", "110.00", 2_000), day("100")),
            (traded("C", "100"), day("100")),
            (traded("D", "50"), day("100")),
            (traded("E", "99.99"), day("100")),
        ]
    )
    assert newest_ns == 2_000
    assert [(row["symbol"], row["change"]) for row in sides["gainers"]] == [("B", "0.100000"), ("A", "0.010000")]
    assert [(row["symbol"], row["change"]) for row in sides["losers"]] == [("D", "-0.500000"), ("E", "-0.000100")]
    assert sides["gainers"][0] == {
        "symbol": "B", "source": "binance", "price": "110.00", "previous_close": "100", "change": "0.100000", "ts_event_ns": 2_000,
    }  # fmt: skip


def test_a_market_that_is_quoted_only_moves_by_its_middle() -> None:
    quoted = traded("EUR-USD", None, bid="1.09", ask="1.11", quote_ts_event_ns=CLOSE_NS)
    assert movers([(quoted, day("1"))])[1]["gainers"][0]["price"] == "1.10"


@pytest.mark.parametrize(
    ("quote", "bar"),
    [
        (None, day("100")),
        (traded("A", "101"), None),
        (traded("A", "101", CLOSE_NS - 1), day("100")),
        (traded("A", "101"), day("100", "kraken")),
        (traded("A", "101"), day("0")),
        (traded("A", "much"), day("100")),
        (traded("A", None), day("100")),
    ],
)
def test_what_cannot_be_compared_did_not_move(quote: Any, bar: Any) -> None:
    assert movers([(quote, bar)]) == (0, {"gainers": [], "losers": []})


def test_only_the_first_are_shown() -> None:
    _, sides = movers((traded(f"S{number:03d}", f"{101 + number}"), day("100")) for number in range(100))
    assert len(sides["gainers"]) == SHOWN
    assert sides["gainers"][0]["symbol"] == "S099"
