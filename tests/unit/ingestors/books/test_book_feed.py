"""Books of a running ingestor: the snapshot is fetched, market.books says what the book is, a hole breaks it, a new snapshot mends it."""

import asyncio
import json

import pytest

from ingestors.books import fetcher
from runtime.clock import SystemClock
from runtime.health import Health
from schemas.book_view import BookView
from schemas.books import Book, Levels
from schemas.codec import decode_book, decode_order_book
from schemas.topics import Topic
from tests.dialect import Deal
from tests.memory_output import MemoryOutput
from tests.support import eventually_async
from tests.venue_server import venue
from tests.venues.binance import Binance


class BinanceWithBooks(Binance):
    """Its REST interface has one book, of the number that the test says."""

    number = 10

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes:
        if path == "/api/v3/depth":
            return json.dumps({"lastUpdateId": self.number, "bids": [["9", "1"]], "asks": [["10", "1"]]}).encode()
        return super().rest(path, query, deals)


def depth(first: int, last: int, bids: Levels, asks: Levels) -> bytes:
    data = {"e": "depthUpdate", "E": 1723161255208, "s": "BTCUSDT", "U": first, "u": last, "b": bids, "a": asks}
    return json.dumps({"stream": "btcusdt@depth@100ms", "data": data}, separators=(",", ":")).encode()


def told(output: MemoryOutput) -> list[Book]:
    return [decode_order_book(value) for topic, _, value in output.sent if topic is Topic.BOOKS]


async def test_from_a_snapshot_over_a_hole_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "_LOOK_S", 0.02)
    monkeypatch.setattr(fetcher, "_AGAIN_S", 0.05)
    dialect, output, view = BinanceWithBooks(), MemoryOutput(), BookView()
    async with venue(dialect) as (server, websocket, rest):
        settings = {
            "ingest": {"watermark_interval_s": 0.02, "book_interval_s": 0, "book_snapshot_s": 3600},
            "provider": {"streams": ["trade", "depth@100ms"]},
        }
        ingestor = dialect.build(websocket, rest, settings, output, Health("ingest-binance", SystemClock()))
        running = asyncio.ensure_future(ingestor.run())
        await eventually_async(lambda: server.subscribed == {"BTC-USDT", "ETH-USDT"})
        server.say(depth(9, 11, [("9.5", "2")], []))
        await eventually_async(lambda: len(told(output)) >= 1)
        server.say(depth(12, 12, [], [("9.9", "4")]))
        await eventually_async(lambda: len(told(output)) >= 2)
        dialect.number = 25
        server.say(depth(20, 21, [], [("9.8", "1")]))
        await eventually_async(lambda: len(told(output)) >= 4)
        ingestor.stop()
        await asyncio.wait_for(running, 20)
    events = told(output)
    assert [(event.kind, event.seq, event.update_id, event.reason) for event in events] == [
        ("snapshot", 1, 11, ""), ("update", 2, 12, ""), ("invalid", 3, 0, "sequence_gap"), ("snapshot", 4, 25, ""),
        ("invalid", 5, 0, "reconnected"),
    ]  # fmt: skip
    for event in events[:2]:
        view.apply(event)
    assert (view.bids, view.asks) == ([("9.5", "2"), ("9", "1")], [("9.9", "4"), ("10", "1")])
    raw = [decode_book(value) for topic, _, value in output.sent if topic is Topic.BOOKS_RAW]
    assert [book.first_update_id for book in raw] == [9, 12, 20]
