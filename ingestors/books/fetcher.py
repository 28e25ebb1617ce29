"""Fetches the snapshots that books wait for, beside the feed, until it is cancelled."""

import asyncio
from collections.abc import Callable

import structlog

from ingestors.books.desk import BookDesk
from ingestors.history import History
from runtime.clock import Clock
from runtime.errors import TransientError, UserError

log = structlog.get_logger()

_LOOK_S = 0.25
_AGAIN_S = 3.0  # of one symbol: its differences may have to run on before a snapshot fits
_REFUSED_S = 300.0


class SnapshotFetcher:
    """now_ns: the ingest clock. trades_first: trades are to be asked for, which goes before.

    One question at a time and no faster than the venue's history says, so that books never crowd out the filling of holes at the venue's limits.
    """

    def __init__(self, desk: BookDesk, history: History, clock: Clock, now_ns: Callable[[], int], trades_first: Callable[[], bool]) -> None:
        self._desk = desk
        self._history = history
        self._clock = clock
        self._now_ns = now_ns
        self._trades_first = trades_first
        self._next_s = 0.0
        self._not_before_s: dict[str, float] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> None:
        """Fetches one snapshot, if one is due."""
        symbol = self._due()
        if symbol:
            self._next_s = self._clock.monotonic_s() + self._history.book_interval_s
            await self._fetch(symbol)

    def _due(self) -> str:
        """The symbol that has waited longest of those that may be asked for now, or ""."""
        now_s = self._clock.monotonic_s()
        if now_s < self._next_s or self._trades_first():
            return ""
        waiting = [symbol for symbol in self._desk.to_fetch() if now_s >= self._not_before_s.get(symbol, 0.0)]
        return min(waiting, key=lambda symbol: self._not_before_s.get(symbol, 0.0), default="")

    async def _fetch(self, symbol: str) -> None:
        wait_s = _AGAIN_S
        try:
            snapshot = await self._history.book(symbol)
            if snapshot is not None:
                snapshot.ts_ingest_ns = self._now_ns()
                snapshot.ts_event_ns = snapshot.ts_event_ns or snapshot.ts_ingest_ns
                self._desk.fetched(snapshot, self._clock.now_ns())
        except TransientError as error:
            log.warning("book_not_fetched", symbol=symbol, error=str(error))
        except UserError as error:
            log.warning("book_refused", symbol=symbol, error=str(error))
            wait_s = _REFUSED_S
        self._not_before_s[symbol] = self._clock.monotonic_s() + wait_s
