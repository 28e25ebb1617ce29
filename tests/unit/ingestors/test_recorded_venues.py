"""All recorded traffic of the venues: every message becomes events or is known for what it is, and the venues' own numbers and checksums agree."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from bench import recordings
from ingestors.binance.parse import Parser as BinanceParser
from ingestors.bitfinex.parse import Parser as BitfinexParser
from ingestors.books.checksums import BitfinexChecksum, KrakenChecksum
from ingestors.books.keeper import BookKeeper, BookRules
from ingestors.books.order_book import OrderBook
from ingestors.coinbase.parse import Parser as CoinbaseParser
from ingestors.events import Ignored, NewestTrade, Ping
from ingestors.htx.parse import Parser as HtxParser
from ingestors.kraken_v1.parse import Parser as KrakenV1Parser
from ingestors.kucoin.parse import Parser as KucoinParser
from ingestors.kucoin.wire import Snapshot
from runtime.errors import InvalidRecord
from schemas.books import BookDifference
from schemas.reasons import Reason
from schemas.ticks import Quote, Trade
from tests.pipeline import needs_recordings

pytestmark = needs_recordings


class Listed(dict[str, str]):
    """A symbol table that lists whatever is asked for."""

    def __missing__(self, name: str) -> str:
        return name


class Books:
    """A keeper whose every break fails the test."""

    def __init__(self, rules: BookRules) -> None:
        self.changes = 0
        self.keeper = BookKeeper(rules, self._changed, self._broke)

    def _changed(self, symbol: str, book: OrderBook) -> None:
        assert not book.crossed
        self.changes += 1

    def _broke(self, symbol: str, reason: Reason, ingest_ns: int) -> None:
        raise AssertionError(f"{symbol}: {reason}")

    def apply(self, event: Any) -> None:
        if isinstance(event, BookDifference):
            self.keeper.apply(event)


def events_of(venue: str, parser: Any) -> Iterator[Any]:
    for frame in recordings.frames(venue):
        found = parser.parse(frame.payload, frame.received_ns)
        yield from found if isinstance(found, list) else [found]


def kind_of(event: Any) -> str:
    if isinstance(event, BookDifference):
        return "snapshot" if event.snapshot else "difference"
    return event.kind if isinstance(event, Ignored) else type(event).__name__


def test_kraken_v1_and_its_4269_checksums() -> None:
    kinds: Counter[str] = Counter()
    checksums, books = 0, Books(BookRules("stream", 1000, KrakenChecksum()))
    for event in events_of("kraken-v1", KrakenV1Parser(Listed(), "kraken-v1")):
        kinds[kind_of(event)] += 1
        checksums += isinstance(event, BookDifference) and event.checksum is not None
        books.apply(event)
    assert kinds == {
        "Acknowledged": 30, "Heartbeat": 92, "status": 3, "Trade": 10, "Quote": 18, "snapshot": 10, "difference": 4269,
    }  # fmt: skip
    assert checksums == 4269
    assert books.changes == 4279


def test_bitfinex_and_its_1670_sequence_numbers() -> None:
    """A number that is not the next one would be a Lost event."""
    parser = BitfinexParser(Listed(), "bitfinex")
    books = Books(BookRules("stream", 0, BitfinexChecksum()))
    kinds: Counter[str] = Counter()
    for event in events_of("bitfinex", parser):
        kinds[kind_of(event)] += 1
        books.apply(event)
    assert kinds == {
        "Welcome": 1, "Acknowledged": 22, "Quote": 21, "past_trades": 7, "snapshot": 7, "difference": 1593, "Heartbeat": 42,
    }  # fmt: skip
    assert sum(kinds[kind] for kind in ("Quote", "past_trades", "snapshot", "difference", "Heartbeat")) == 1670
    assert books.changes == 1600


def test_kucoin_and_its_3844_pairs_of_sequence_numbers() -> None:
    """Differences wait for the snapshot that the REST interface gave, and go on from it."""
    kinds: Counter[str] = Counter()
    differences: dict[str, list[BookDifference]] = {}
    for event in events_of("kucoin", KucoinParser(Listed(), "kucoin")):
        kinds[kind_of(event)] += 1
        if isinstance(event, BookDifference):
            differences.setdefault(event.symbol, []).append(event)
    assert kinds == {"Welcome": 1, "Acknowledged": 13, "Trade": 18, "Quote": 830, "difference": 3853, "unclosed_bar": 6}
    pairs = [pair for of_symbol in differences.values() for pair in pairwise(of_symbol)]
    assert len(pairs) == 3844
    assert all(first.last_update_id + 1 == second.first_update_id for first, second in pairs)
    books = Books(BookRules("asked"))
    for snapshot in kucoin_snapshots():
        of_symbol = differences[snapshot.symbol]
        early = [difference for difference in of_symbol if difference.last_update_id <= snapshot.last_update_id + 5]
        for event in (*early, snapshot, *of_symbol[len(early) :]):
            books.apply(event)
    assert not books.keeper.wanted
    assert {symbol: of_symbol[-1].last_update_id for symbol, of_symbol in differences.items()} == {
        symbol: book.update_id for symbol in differences if (book := books.keeper.book(symbol))
    }


def kucoin_snapshots() -> Iterator[BookDifference]:
    for url, body in recordings.answers("KUCOIN.http.0.0.gz").items():
        data = msgspec.convert(msgspec.json.decode(body)["data"], Snapshot)
        number = int(data.sequence)
        yield BookDifference(url.partition("symbol=")[2], "kucoin", 0, 0, number, number, data.bids, data.asks, snapshot=True)


def test_htx() -> None:
    kinds: Counter[str] = Counter()
    books = Books(BookRules("stream"))
    trades: dict[str, list[int]] = {}
    for event in events_of("htx", HtxParser(Listed(), "htx")):
        kinds[kind_of(event)] += 1
        books.apply(event)
        if isinstance(event, Trade):
            trades.setdefault(event.symbol, []).append(int(event.trade_id))
        if isinstance(event, Ping):
            assert event.answer.startswith('{"pong":16186780')
    assert kinds == {"Acknowledged": 20, "Ping": 6, "snapshot": 292, "Trade": 73}
    assert all(ids == sorted(set(ids)) for ids in trades.values())
    assert books.changes == 292


@pytest.mark.parametrize(
    ("venue", "kinds"),
    [
        ("binance-altcoins", {"difference": 177, "Quote": 84, "unclosed_bar": 2, "refused": 2}),
        ("binance-us", {"difference": 336, "Quote": 128, "unclosed_bar": 4, "Bar": 1, "refused": 11}),
    ],
)
def test_binance_of_other_symbols(venue: str, kinds: dict[str, int]) -> None:
    """Differences go on without a hole; aggTrade, which we never ask for, is refused by name."""
    found: Counter[str] = Counter()
    newest: dict[str, int] = {}
    parser = BinanceParser(Listed(), venue)
    for frame in recordings.frames(venue):
        if b"@aggTrade" in frame.payload:
            with pytest.raises(InvalidRecord, match="unknown_message"):
                parser.parse(frame.payload, frame.received_ns)
            found["refused"] += 1
            continue
        event = parser.parse(frame.payload, frame.received_ns)
        found[kind_of(event)] += 1
        if isinstance(event, BookDifference):
            assert newest.get(event.symbol, event.first_update_id - 1) == event.first_update_id - 1
            newest[event.symbol] = event.last_update_id
    assert found == kinds


def test_the_book_of_binance_is_what_its_book_ticker_says() -> None:
    """12,984 of 12,986 best levels, price and size, against the quotes of the same numbering; never crossed, never broken."""
    parser = BinanceParser({"BTCUSDT": "BTC-USDT"}, "binance")
    books, quotes, equal, compared = Books(BookRules("asked")), list[Quote](), 0, 0
    checkpoints: list[tuple[int, tuple[str, str], tuple[str, str]]] = []
    for frame in recordings.binance_lines():
        if frame.payload.startswith(b'{"lastUpdateId"'):
            event: Any = binance_snapshot(frame.payload)
        else:
            event = parser.parse(frame.payload, frame.received_ns)
        if isinstance(event, Quote):
            quotes.append(event)
        elif isinstance(event, BookDifference):
            books.apply(event)
            if book := books.keeper.book("BTC-USDT"):
                (bid,), (ask,) = book.best(1)
                checkpoints.append((book.update_id, bid, ask))
    position = 0
    for update_id, bid, ask in checkpoints:
        while position < len(quotes) and quotes[position].update_id <= update_id:
            position += 1
        if position:
            quote = quotes[position - 1]
            compared += 2
            equal += (bid == (quote.bid, quote.bid_size)) + (ask == (quote.ask, quote.ask_size))
    assert (compared, equal) == (12_986, 12_984)


def test_coinbase_with_trades_without_a_missing_number_and_books_that_agree_with_tickers() -> None:
    """`last_match` says where each product's trades begin. Channels are not ordered against each other: at seven tickers the book is not where they are yet."""
    newest: dict[str, int] = {}
    kinds: Counter[str] = Counter()
    books, agree = Books(BookRules("stream")), 0
    for event in events_of("coinbase", CoinbaseParser(Listed(), "coinbase")):
        kinds[kind_of(event)] += 1
        books.apply(event)
        if isinstance(event, Quote) and (book := books.keeper.book(event.symbol)):
            best = [Decimal(price) for side in book.best(1) for price, _ in side]
            agree += best == [Decimal(event.bid), Decimal(event.ask)]
        if isinstance(event, NewestTrade):
            newest.setdefault(event.symbol, event.trade_id)
        elif isinstance(event, Trade):
            assert int(event.trade_id) == newest[event.symbol] + 1
            newest[event.symbol] += 1
    assert kinds == {"Acknowledged": 3, "NewestTrade": 10, "Quote": 107, "Trade": 97, "snapshot": 10, "difference": 9_719}
    assert (agree, len(books.keeper.wanted)) == (100, 0)


def binance_snapshot(body: bytes) -> BookDifference:
    data = msgspec.json.decode(body)
    bids, asks = [tuple(level) for level in data["bids"]], [tuple(level) for level in data["asks"]]
    number = data["lastUpdateId"]
    return BookDifference("BTC-USDT", "binance", 0, 0, number, number, bids, asks, snapshot=True)
