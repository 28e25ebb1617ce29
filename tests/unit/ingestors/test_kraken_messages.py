# ruff: noqa: UP031  # JSON is full of braces
"""Kraken's messages that it documents and no recording holds, what it allows, and what broken or hostile ones come to. Both of its protocols."""

import json
from decimal import Decimal
from typing import Any

import pytest

from bench import recordings
from ingestors.books.checksums import KrakenChecksum
from ingestors.books.keeper import BookKeeper, BookRules
from ingestors.books.order_book import OrderBook
from ingestors.events import HEARTBEAT, Acknowledged, Ignored, NewestTrade, Refused
from ingestors.kraken.config import canonical as kraken_canonical
from ingestors.kraken.ingestor import KrakenVenue
from ingestors.kraken.parse import Parser as Kraken
from ingestors.kraken_v1.parse import Parser as KrakenV1
from runtime.errors import UserError
from runtime.settings.providers.kraken import KrakenSettings
from schemas.books import BookDifference
from schemas.ticks import Quote, Trade
from tests.pipeline import needs_recordings
from tests.venue_messages import SYMBOLS, TIME_NS, TRADE, parse


def test_kraken_trades() -> None:
    assert parse("kraken", TRADE) == Trade("BTC-USD", "105944.2", "0.00027", TIME_NS, 99, 7, "buy")
    assert parse("kraken", TRADE.replace('"update"', '"snapshot"')) == [NewestTrade("BTC-USD", 7, TIME_NS)]
    assert parse("kraken", TRADE.replace('"channel":"trade",', "").replace("{", '{"channel":"trade","x":1,', 1)).trade_id == 7


def test_kraken_quotes_have_numbers_that_grow() -> None:
    ticker = '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":1.10,"bid_qty":2,"ask":1.2,"ask_qty":3.5,"last":1}]}'
    parser = Kraken(SYMBOLS, "kraken")
    first, second = parser.parse(ticker.encode(), 99), parser.parse(ticker.encode(), 99)
    assert first == Quote("BTC-USD", "1.10", "2", "1.2", "3.5", 99, 99, 99, True)
    assert isinstance(second, Quote)
    assert second.update_id == 100


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        ('{"channel":"heartbeat"}', HEARTBEAT),
        ('{"method":"pong","req_id":42}', HEARTBEAT),
        ('{"method":"subscribe","result":{"channel":"book","symbol":"BTC/USD"},"success":true}', Acknowledged(("book:BTC/USD",))),
        ('{"error":"no such pair","method":"subscribe","success":false,"symbol":"X/Y"}', Refused("", "X/Y no such pair")),
        (
            '{"error":"no such pair","method":"subscribe","success":false,"symbol":"X/Y","req_id":3}',
            Refused("book:X/Y", "X/Y no such pair"),
        ),
        ('{"error":"Already subscribed","method":"subscribe","success":false,"symbol":"X/Y","req_id":3}', Acknowledged(("book:X/Y",))),
        ('{"error":"Not subscribed","method":"unsubscribe","success":false,"symbol":"X/Y","req_id":3}', Ignored("unsubscribed")),
    ],
)
def test_what_kraken_says_beside_data(frame: str, event: Any) -> None:
    parser = Kraken(SYMBOLS, "kraken")
    parser.asked[3] = "book"
    assert parser.parse(frame.encode(), 99) == event


@needs_recordings
def test_checksums_of_kraken_hold_for_numbers_without_trailing_zeros() -> None:
    """The recorded v1 books told the way v2 does: JSON numbers, whose zeros come back from the decimals that the venue prints of the pair."""
    recorded = recorded_books()
    decimals = {book.symbol: (len(book.asks[0][0].partition(".")[2]), 8) for book in recorded if book.snapshot}
    broken: list[Any] = []
    keeper = BookKeeper(BookRules("stream", 1000, KrakenChecksum(decimals)), lambda *told: None, lambda *told: broken.append(told))
    parser, checked = Kraken({name: name for name in decimals}, "kraken"), 0
    for book in recorded:
        event = parser.parse(as_v2(book).encode(), 99)
        assert isinstance(event, BookDifference)
        keeper.apply(event)
        checked += not event.snapshot
    assert (checked, broken) == (4269, [])


def recorded_books() -> list[BookDifference]:
    class Listed(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return name

    parser = KrakenV1(Listed(), "kraken")
    events = [parser.parse(frame.payload, frame.received_ns) for frame in recordings.frames("kraken-v1")]
    return [event for event in events if isinstance(event, BookDifference)]


def as_v2(book: BookDifference) -> str:
    """v1 sends no checksum with a snapshot, v2 does."""
    checksum = KrakenChecksum()("", OrderBook(book, 1000)) if book.snapshot else book.checksum
    bids, asks = [[{"price": number(price), "qty": number(size)} for price, size in side] for side in (book.bids, book.asks)]
    row = json.dumps({"symbol": book.symbol, "bids": bids, "asks": asks, "checksum": checksum}).replace('"@', "").replace('@"', "")
    return '{"channel":"book","type":"%s","data":[%s]}' % ("snapshot" if book.snapshot else "update", row)


def number(text: str) -> str:
    """Marked, so that it stands in the JSON without quotes."""
    return f"@{Decimal(text).normalize():f}@"


@pytest.mark.parametrize(("name", "symbol"), [("XBT/USD", "BTC-USD"), ("XDG/EUR", "DOGE-EUR"), ("ETH/XBT", "ETH-BTC")])
def test_canonical_names_of_kraken(name: str, symbol: str) -> None:
    assert kraken_canonical(name) == symbol


def test_kraken_has_books_of_five_depths() -> None:
    with pytest.raises(UserError, match="has books of 10, 25, 100, 500, 1000 levels"):
        KrakenVenue(KrakenSettings(book_depth=50))


def test_kraken_v1_trades_and_spreads() -> None:
    trades = parse(
        "kraken-v1",
        '[0,[["5541.20","0.15850568","1534614057.321597","s","l",""],["6060.00","0.02455","1534614057.4","b","l",""]],"trade","XBT/USD"]',
    )
    assert [(trade.price, trade.ts_event_ns, trade.side) for trade in trades] == [
        ("5541.20", 1534614057_321597000, "sell"), ("6060.00", 1534614057_400000000, "buy")
    ]  # fmt: skip
    assert trades[0].trade_id == "1534614057321597000-5541.2-0.15850568-s"
    quote = parse("kraken-v1", '[0,["5698.4","5700.0","1542057299.545897","1.01","0.9"],"spread","XBT/USD"]')
    assert quote == Quote("BTC-USD", "5698.4", "1.01", "5700.0", "0.9", 1542057299_545897000, 99, 99)


def test_kraken_v1_refuses_a_subscription() -> None:
    frame = '{"errorMessage":"Currency pair not in ISO 4217-A3 format","event":"subscriptionStatus","pair":"XBT","status":"error","subscription":{"name":"book"}}'
    assert parse("kraken-v1", frame) == Refused("book:XBT", "Currency pair not in ISO 4217-A3 format")
