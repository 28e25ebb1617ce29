"""The world of a polled provider: a server that speaks its REST interface, an ingestor at it, what came out; and the waits of all of them made short."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import pytest

from ingestors import rest, symbol_follower
from ingestors.bar_history import bar_history_of
from ingestors.limits import gate, gates
from ingestors.limits.gates import Gates
from ingestors.polling import ingestor as ingestor_module
from ingestors.polling import timetable
from runtime.clock import ManualClock
from runtime.settings import Settings, load_settings
from runtime.settings.limits import BudgetSettings
from schemas.bars import ProviderBar
from schemas.codec import decode_provider_bar
from schemas.timeframes import DAY_NS, SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.poll_server import START_NS, Candle, Polled, PollServer, length_ns, poll_server
from tests.polled.catalogue import POLLED
from tests.provider_world import ProviderWorld, Wait, shorten
from tests.support import eventually_async

DIALECTS: dict[str, Any] = {one.name: one for one in POLLED}
every_provider = pytest.mark.parametrize("name", sorted(DIALECTS))
WAITS: tuple[Wait, ...] = (
    (ingestor_module, "TURN_S", 0.01),
    (symbol_follower, "FOLLOW_S", 0.05),
    (timetable, "AGAIN_S", 0.001),
    (timetable, "AGAIN_CAP_S", 0.01),
    (rest, "_SAID_NO_S", 0.001),
    (rest, "_ATTEMPTS", 1),
    (gate, "ASK_AGAIN_S", 0.01),
)


class World(ProviderWorld):
    """Time is moved by the test."""

    dialect: Polled
    server: PollServer

    def __init__(self, dialect: Polled, server: PollServer, url: str, clock: ManualClock) -> None:
        super().__init__(dialect, server, clock)
        self.clock = clock
        self._url = url

    @property
    def folder(self) -> str:
        return self.dialect.name.replace("-", "_")

    def settings(self, **more: Any) -> Settings:
        """more: of the provider's section."""
        return load_settings(**self.dialect.sections(self._url, **more), ingest={"watermark_interval_s": 0.02})

    def ingestor(self, **more: Any) -> Any:
        module = import_module(f"ingestors.{self.folder}.ingestor")
        return module.build(self.settings(**more), "", self.clock, self.health, self.output)

    def history(self, **more: Any) -> Any:
        return bar_history_of(self.dialect.name, self.settings(**more), self.clock)

    def bars(self, symbol: str) -> list[ProviderBar]:
        found = [decode_provider_bar(value) for topic, _, value in self.output.sent if topic is Topic.BARS_RAW]
        return [bar for bar in found if bar.symbol == symbol]

    def expected(self, symbol: str) -> list[Candle]:
        """Bars that have been closed for long enough to be published."""
        from_ns = START_NS - (20 if self.dialect.timeframe is Timeframe.D1 else 5) * DAY_NS
        found = self.server.market.candles(symbol, self.dialect.timeframe, from_ns, self.clock.now_ns())
        return [candle for candle in found if candle.close_ns + 5 * SECOND_NS <= self.clock.now_ns()]

    async def has(self, symbol: str, number: int) -> None:
        """So many bars came out, none twice, in order, and they are the market's newest."""
        await eventually_async(lambda: len(self.bars(symbol)) >= number)
        got = [(bar.ts_open_ns, bar.ts_close_ns, bar.open, bar.high, bar.low, bar.close) for bar in self.bars(symbol)]
        wanted = [(one.open_ns, one.close_ns, *self.dialect.seen(one)) for one in self.expected(symbol)[-number:]]
        assert [(*times, *(float(price) for price in prices)) for *times, prices in ((a, b, c) for a, b, *c in got)] == [
            (*times, *(float(price) for price in prices)) for *times, prices in ((a, b, c) for a, b, *c in wanted)
        ]

    async def next_bar(self) -> None:
        """Time goes on until one more bar has been closed for long enough. Equities' longer bars end with their session."""
        before = {symbol: len(self.expected(symbol)) for symbol in self.dialect.symbols}
        while any(len(self.expected(symbol)) == number for symbol, number in before.items()):
            self.clock.advance_s(length_ns(self.dialect.timeframe) / SECOND_NS / 4)

    async def passing(self, check: Callable[[], Any]) -> None:
        """Time goes on until something happens."""

        def look() -> Any:
            found = check()
            if not found:
                self.clock.advance_s(2)
            return found

        await eventually_async(look)


@asynccontextmanager
async def polled_world(name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    shorten(monkeypatch, WAITS)
    dialect, clock = DIALECTS[name](), ManualClock(START_NS)
    monkeypatch.setattr(gates, "_of_process", Gates(clock, {name: BudgetSettings()}))
    async with poll_server(dialect, clock) as (server, url):
        yield World(dialect, server, url, clock)
