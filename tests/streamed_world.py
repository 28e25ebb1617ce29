"""The world of a streamed provider: its server, an ingestor at it, what came out; and the waits of all of them made short."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ingestors import connector, conversation, handover, market_hours, rest, settling, symbol_follower
from ingestors.books import fetcher, resubscriber
from ingestors.history import History
from runtime.clock import SystemClock
from schemas.codec import decode_order_book
from schemas.sessions import AlwaysOpen
from schemas.ticks import Quote, Trade
from schemas.topics import Topic
from tests.dialect import Dialect
from tests.provider_world import ProviderWorld, Wait, shorten
from tests.support import eventually_async
from tests.venue_server import VenueServer, venue
from tests.venues.catalogue import STREAMED
from tests.venues.template import Template

DIALECTS: dict[str, Any] = {one.name: one for one in (Template, *STREAMED)}
every_provider = pytest.mark.parametrize("name", sorted(DIALECTS))
WAITS: tuple[Wait, ...] = (
    (settling, "SETTLE_S", 0.1),
    (connector, "_STEP_S", 0.02),
    (conversation, "ACKNOWLEDGEMENT_S", 0.2),
    (handover, "OVERLAP_S", 0.05),
    (symbol_follower, "FOLLOW_S", 0.05),
    (rest, "LIMITED_S", 0.05),
    (fetcher, "_LOOK_S", 0.02),
    (fetcher, "_AGAIN_S", 0.05),
    (resubscriber, "_LOOK_S", 0.02),
)


class World(ProviderWorld):
    dialect: Dialect
    server: VenueServer

    def __init__(self, dialect: Dialect, server: VenueServer, websocket: str, rest: str) -> None:
        super().__init__(dialect, server, SystemClock())
        self._urls = websocket, rest

    def ingestor(self, **more: Any) -> Any:
        """more: of the provider's section, and under `ingest` of the shared one."""
        ingest = {"watermark_interval_s": 0.02, "silence_timeout_s": 20.0} | more.pop("ingest", {})
        settings = {"ingest": ingest, "data_dir": more.pop("data_dir", Path(".tickerplant")), "provider": more}
        return self.dialect.build(*self._urls, settings, self.output, self.health)

    async def subscribed(self) -> None:
        await eventually_async(lambda: self.server.subscribed == {self.first, self.second})

    def ticks(self, symbol: str) -> list[Trade | Quote]:
        """The symbol's trades that came out, or its quotes where the provider has no trades."""
        wanted = Quote if self.dialect.quoted else Trade
        return [tick for tick in self.output.ticks if isinstance(tick, wanted) and tick.symbol == symbol]

    def numbers(self, symbol: str) -> list[int]:
        """Which of the symbol's deals came out; 0 for what is none of them."""
        numbers = {self.dialect.trade_id(deal): deal.trade_id for deal in self.server.deals if deal.symbol == symbol}
        return [numbers.get(identity(tick), 0) for tick in self.ticks(symbol)]

    def told(self) -> list[tuple[str, str, int]]:
        """Its gaps: cause, state, how many were found."""
        channel = "quote" if self.dialect.quoted else "trade"
        return [(gap.cause, gap.state, gap.filled) for gap in self.output.gaps if gap.channel == channel]

    async def has(self, symbol: str, number: int) -> None:
        """All trades of a symbol from 1 to number came out, none twice, in order."""
        await eventually_async(lambda: len(self.ticks(symbol)) >= number)
        assert self.numbers(symbol) == list(range(1, number + 1))

    async def hole(self, number: int, *refusals: tuple[int, bytes, str]) -> None:
        """Trade 1 came, so many more happen without a word, then one with it. refusals: how the provider meets the next questions."""
        await self.subscribed()
        self.server.happen(self.first)
        await self.has(self.first, 1)
        self.server.refusals += refusals
        if not self.dialect.numbered:  # then only a break tells that something may be missing
            self.server.cut()
        self.server.happen(self.first, number, told=False)
        if not self.dialect.numbered:
            await eventually_async(lambda: self.server.connections == 2 and self.server.subscribed == {self.first, self.second})
        self.server.happen(self.first)

    async def limited(self, *refusals: tuple[int, bytes, str]) -> None:
        """The provider meets its questions so, and all comes out all the same. One without a past is asked at the start alone."""
        if not self.dialect.remembers:
            self.server.refusals += refusals
        async with self.ingesting():
            if self.dialect.remembers:
                await self.hole(3, *refusals)
                await self.has(self.first, 5)
            await self.subscribed()
        assert self.server.refusals == []

    def books(self, symbol: str) -> list[tuple[str, str]]:
        """What was told of its order book: kinds and reasons."""
        books = [decode_order_book(value) for topic, _, value in self.output.sent if topic is Topic.BOOKS]
        return [(book.kind, book.reason) for book in books if book.symbol == symbol and book.kind != "update"]


@asynccontextmanager
async def streamed_world(name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    shorten(monkeypatch, WAITS)
    for history in (History, *History.__subclasses__()):
        monkeypatch.setattr(history, "book_interval_s", 0.02)
    monkeypatch.setattr(market_hours, "calendar_of", lambda asset_class: AlwaysOpen())  # whenever this runs
    dialect = DIALECTS[name]()
    dialect.shorten(monkeypatch)
    async with venue(dialect) as (server, websocket, rest_url):
        yield World(dialect, server, websocket, rest_url)


def identity(tick: Trade | Quote) -> int | str:
    return tick.trade_id if isinstance(tick, Trade) else tick.update_id
