"""Books of a connection that is replaced while it lives: no reader goes on with one whose first snapshot nobody heard."""

import asyncio

import pytest

from ingestors import connector, handover
from ingestors.books import resubscriber
from ingestors.kraken.ingestor import KrakenSession
from runtime.clock import SystemClock
from runtime.health import Health
from schemas.books import Book
from schemas.codec import decode_order_book
from schemas.topics import Topic
from tests.memory_output import MemoryOutput
from tests.support import eventually_async
from tests.venue_server import venue
from tests.venues.kraken import Kraken


def books(output: MemoryOutput) -> list[Book]:
    told = [decode_order_book(value) for topic, _, value in output.sent if topic is Topic.BOOKS]
    return [book for book in told if book.symbol == "BTC-USD"]


def told(output: MemoryOutput) -> list[tuple[str, str]]:
    return [(book.kind, book.reason) for book in books(output) if book.kind != "update"]


async def test_a_book_begins_anew_on_the_connection_that_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector, "_STEP_S", 0.02)
    monkeypatch.setattr(handover, "OVERLAP_S", 0.05)
    monkeypatch.setattr(resubscriber, "_LOOK_S", 0.02)
    monkeypatch.setattr(KrakenSession, "lifetime_s", 0.5)
    dialect, output = Kraken(), MemoryOutput()
    async with venue(dialect) as (server, websocket, rest):
        ingest = {"watermark_interval_s": 0.02, "book_interval_s": 0, "book_snapshot_s": 3600}
        settings = {"ingest": ingest, "provider": {"channels": ["trade", "book"]}}
        ingestor = dialect.build(websocket, rest, settings, output, Health("ingest-kraken", SystemClock()))
        running = asyncio.ensure_future(ingestor.run())

        def replaced() -> bool:
            server.happen("BTC-USD")  # a connection takes over once it brings data
            if server.connections >= 2:
                monkeypatch.setattr(KrakenSession, "lifetime_s", 0.0)
            return server.connections >= 2 and len(server.clients) == 1

        try:
            await eventually_async(replaced)
            await eventually_async(lambda: len(told(output)) >= 3 and told(output)[-1] == ("snapshot", ""))
            server.say(dialect.book("BTC-USD")[0])
            await eventually_async(lambda: books(output)[-1].bids == [("100.1", "0.5")])
        finally:
            ingestor.stop()
            await asyncio.wait_for(running, 20)
    kinds = told(output)
    assert kinds[0] == ("snapshot", "")
    assert kinds[1:-1] == [("invalid", "reconnected"), ("snapshot", "")] * (len(kinds) // 2 - 1)
    assert len(kinds) >= 4
    assert kinds[-1] == ("invalid", "reconnected")  # the process ended
