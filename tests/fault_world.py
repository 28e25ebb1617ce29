"""A provider's process on a line's real Kafka, at an exchange that does to it all that exchanges do, while trading goes on."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from runtime.clock import SystemClock
from runtime.settings import load_settings
from tests.dialect import Dialect
from tests.support import as_environment, eventually_async, start_tickerplant
from tests.venue_server import VenueServer, venue
from tickerplant.sources import change_symbols

PAUSE_S = 0.05  # between two trades of a symbol
SILENCE_S = 4.0  # less, and a machine that is held up for a moment would be a silence too
SLOW_S = 120.0  # nothing here takes so long on any machine
BACK = 20  # trades that come again
LIMITED = ((429, b"{}", "Retry-After: 1\r\n"), (418, b"{}", "Retry-After: 0\r\n"))
AWAY = ((503, b"", ""),) * 6  # more than the attempts of one question


class FaultWorld:
    """`play` does it all. Its deals are what must be in market.ticks then."""

    def __init__(self, line: Any, dialect: Dialect, server: VenueServer, urls: tuple[str, str], folder: Path) -> None:
        self.dialect, self.server = dialect, server
        self.first, self.second = dialect.symbols[:2]
        self.carried = {self.first}
        self.log = folder / f"{dialect.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self._line = line
        self._sections = dialect.sections(*urls, symbols=[self.first])

    def start(self) -> None:
        """The ingestor, as a user starts it."""
        env = self._line.env(TICKERPLANT_INGEST__SILENCE_TIMEOUT_S=str(SILENCE_S), **as_environment(self._sections))
        self.process = start_tickerplant("ingest", self.dialect.name, env=env, log=self.log)

    async def play(self) -> None:
        """One fault after the other. Returns once the exchange is well again and nobody trades any more."""
        self.start()
        await self._until(lambda: self.server.subscribed == self.carried)
        trading = asyncio.ensure_future(self._trade_on())
        try:
            await self._went_on()
            await self._lost_acknowledgement()
            await self._garbage_and_old_frames()
            await self._broken(self._half_a_frame)
            await self._broken(self.server.stall)
            await self._broken(lambda: self.server.say_raw(b"\xff\x13\x37 no frame of any kind"))
            self.server.refusals += [*LIMITED, *AWAY]
            await self._broken(self.server.cut)
            await self._until(lambda: not self.server.refusals)
            await self._broken(lambda: self.server.close(1008, "the connection is 24 hours old"))
            self._old_frames()
        finally:
            trading.cancel()
            with suppress(asyncio.CancelledError):
                await trading

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return await asyncio.to_thread(self.process.wait, SLOW_S)

    def traded(self) -> dict[str, list[int]]:
        """Numbers of all trades, by symbol."""
        return {symbol: list(range(1, number + 1)) for symbol, number in Counter(deal.symbol for deal in self.server.deals).items()}

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    async def _trade_on(self) -> None:
        while True:
            for symbol in sorted(self.carried):
                self.server.happen(symbol)
            await asyncio.sleep(PAUSE_S)

    async def _until(self, check: Callable[[], bool]) -> None:
        def checked() -> bool:
            assert self.process is not None
            if self.process.poll() is not None:
                pytest.fail(f"{self.dialect.name} ended with {self.process.returncode}: {self.log.read_text()[-3000:]}")
            return check()

        await eventually_async(checked, SLOW_S)

    async def _went_on(self) -> None:
        """Some trades reached whoever listens."""
        wanted = len(self.server.deals) + 5 * len(self.carried)
        await self._until(lambda: len(self.server.deals) >= wanted)

    async def _lost_acknowledgement(self) -> None:
        """A symbol is asked for while everything runs; what the exchange answers is lost."""
        self.server.lose_answers, messages = 1, len(self.server.messages)
        settings = load_settings(kafka=self._line.settings.kafka, **self._sections)
        await asyncio.to_thread(change_symbols, settings, self._line.addresses.kafka, self.dialect.name, [self.second])
        await self._until(lambda: self.server.subscribed == {self.first, self.second})
        self.carried = {self.first, self.second}
        await self._until(lambda: len(self.server.messages) >= messages + 2)

    async def _garbage_and_old_frames(self) -> None:
        self.server.say(self.dialect.malformed)
        self.server.say(self.dialect.unknown)
        self._old_frames()
        await self._went_on()

    def _old_frames(self) -> None:
        for deal in [deal for deal in self.server.deals if deal.symbol == self.first][-BACK:]:
            self.server.say(self.dialect.trade(deal), self.first)

    def _half_a_frame(self) -> None:
        self.server.happen(self.first, told=False)
        self.server.cut_inside(self.dialect.trade(self.server.deals[-1]))

    async def _broken(self, fault: Callable[[], Awaitable[None] | None]) -> None:
        """A fault that ends the connection, and trades that nobody is told of; until there is another connection that brings trades."""
        connections = self.server.connections
        doing = fault()
        if doing is not None:
            await doing
        for symbol in sorted(self.carried):
            self.server.happen(symbol, 3, told=False)
        await self._until(lambda: self.server.connections > connections and self.server.subscribed == self.carried)
        await self._went_on()


@asynccontextmanager
async def fault_world(line: Any, dialect: Dialect, folder: Path) -> AsyncIterator[FaultWorld]:
    """Its process is over after the block, whatever happens in it."""
    dialect.step_ns = int(PAUSE_S * 1e9 / 2)
    async with venue(dialect) as (server, websocket, rest):
        server.start_ns = SystemClock().now_ns() - 1_000_000_000
        world = FaultWorld(line, dialect, server, (websocket, rest), folder)
        try:
            yield world
        finally:
            if world.process is not None:
                world.process.kill()
                world.process.wait()
