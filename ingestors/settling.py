"""Symbols whose newest state is unsure after a break: asked for when they do not speak for themselves."""

from collections.abc import Callable, Iterable

from ingestors.events import NewestTrade
from ingestors.gap_fill import PAGE_TRADES, Continuity, Hole, TradeFiller
from ingestors.recovery import Recovery
from ingestors.venue_pace import VenuePace
from runtime.clock import Clock
from schemas.gaps import GapCause

SETTLE_S = 1.0  # how long a symbol may stay silent after a connect before its trades are asked for


class Settling:
    """The three series of a source's symbols, and the questions that make them sure again. now_ns: the ingest clock."""

    def __init__(
        self,
        trades: Continuity,
        quotes: Continuity,
        books: Continuity,
        filler: TradeFiller,
        recovery: Recovery,
        pace: VenuePace,
        clock: Clock,
        now_ns: Callable[[], int],
        on_progress: Callable[[], None],
    ) -> None:
        self._trades, self._quotes, self._books = trades, quotes, books
        self._filler = filler
        self._recovery = recovery
        self._pace = pace
        self._clock = clock
        self._now_ns = now_ns
        self._on_progress = on_progress
        self._at_s: float | None = None  # None: nothing was connected yet

    def begin(self, symbols: Iterable[str], cause: GapCause, opened_ns: int = 0) -> None:
        """A connection with these symbols was opened after a break; opened_ns as of Continuity.restart."""
        wanted = set(symbols)
        for continuity in (self._trades, self._quotes, self._books):
            continuity.restart(cause, wanted, opened_ns)
        self.wait()

    def wait(self) -> None:
        """Nothing is asked for the next second."""
        self._at_s = self._clock.monotonic_s() + SETTLE_S

    def due(self) -> bool:
        """Symbols are still unsure a second after the connect, or holes are open: `trades` is to be called."""
        return bool(self._trades.unsure or self._recovery.pending()) and self._at_s is not None and self._clock.monotonic_s() >= self._at_s

    def told(self, newest: NewestTrade) -> None:
        """If that trade does not come by itself within a second, it is asked for. Of a new symbol it is where the series begins."""
        if self._trades.by_time:
            return
        known = self._trades.known.get(newest.symbol)
        if known is None:
            self._trades.passed(newest.symbol, newest.trade_id, newest.ts_event_ns)
        elif newest.trade_id > known.newest_id and newest.symbol not in self._trades.unsure:
            self._trades.unsure[newest.symbol] = "sequence"
            self.wait()

    async def trades(self) -> None:
        """Asks for the trades of all unsure symbols, since nobody waits for a hole until its symbol trades again, and for those of open holes."""
        for symbol in list(self._trades.unsure):
            await (self._since(symbol) if self._trades.by_time else self._newer(symbol))
        await self._recovery.retry(self._now_ns(), self._clock.now_ns())

    async def _newer(self, symbol: str) -> None:
        known = self._trades.known[symbol]
        newer = await self._filler.newer(symbol, known.newest_id, known.ts_event_ns)
        self._pace.answered()
        self._on_progress()
        if newer:
            newest_id, ts_event_ns = int(newer[-1].trade_id), newer[-1].ts_event_ns
            hole = self._trades.missing_before(symbol, newest_id + 1, ts_event_ns)
            if hole:
                self._recovery.fill_with(hole, newer, self._now_ns(), self._clock.now_ns())
                if not self._filler.too_large(hole):
                    self._trades.catching_up[symbol] = self._clock.now_ns()  # the connection may still tell the newest of them
                known.newest_id, known.ts_event_ns = newest_id, ts_event_ns
        if len(newer) < PAGE_TRADES:
            self._trades.passed(symbol, known.newest_id, known.ts_event_ns)

    async def _since(self, symbol: str) -> None:
        known, now_ns = self._trades.known[symbol], self._now_ns()
        hole = self._trades.missing_before(symbol, max(now_ns, known.ts_event_ns + 2), now_ns)
        if hole:
            newest_ns = await self._recovery.fill_since(hole, now_ns, self._clock.now_ns())
            known.newest_id = known.ts_event_ns = max(known.ts_event_ns, newest_ns)
        self._trades.passed(symbol, known.newest_id, known.ts_event_ns)

    async def books(self, symbols: set[str], tell: Callable[[Hole], None]) -> None:
        """A connection ended before every symbol's quotes and books came again after a break: how far they are lost is asked for now, since the next
        frame may never come. Not after a good-bye: the update ids that no quote carries would look like a loss."""
        for symbol in sorted({*self._quotes.unsure, *self._books.unsure} & symbols):
            newest = await self._filler.newest_update_id(symbol)
            for continuity in (self._quotes, self._books):
                known = continuity.known.get(symbol)
                if newest is None or known is None or symbol not in continuity.unsure:
                    continue
                if hole := continuity.missing_before(symbol, newest + 1, known.ts_event_ns):
                    tell(hole)
                continuity.passed(symbol, max(newest, known.newest_id), known.ts_event_ns)

    def forget(self, symbols: Iterable[str]) -> None:
        """They are not subscribed to any more: nothing is to be asked about them."""
        for symbol in symbols:
            for continuity in (self._trades, self._quotes, self._books):
                continuity.unsure.pop(symbol, None)

    def take_over(self, symbols: Iterable[str]) -> None:
        """From here on these symbols come from another connection, which begins with what was published already."""
        since_ns = dict.fromkeys(symbols, self._clock.now_ns())
        for continuity in (self._trades, self._quotes, self._books):
            continuity.catching_up.update(since_ns)
