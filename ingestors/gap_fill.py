"""Holes in a source's own numbering: found per symbol, filled over REST where the venue can be asked, and always told as events.

`Continuity` is pure; `TradeFiller` asks the venue.
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

import structlog

from ingestors.history import History
from runtime import metrics
from runtime.errors import UserError
from schemas.gaps import Gap, GapCause, GapChannel, GapState
from schemas.ticks import Tick, Trade

log = structlog.get_logger()

FAR_AHEAD_NS = 600_000_000_000  # an event time so far in the future is wrong (validate refuses it): nothing is measured by it
PAGE_TRADES = 1000  # asked for at once; fewer in the answer: there are no more


@dataclass(slots=True)
class Known:
    """The newest number that was published of one channel of a symbol, and its event time."""

    newest_id: int
    ts_event_ns: int = 0


@dataclass(slots=True)
class Hole:
    """from_id, to_id: exclusive bounds; cause: what broke the series.

    numbered: they are the venue's own numbers. Else they are event times, of a venue that does not number without holes: nobody knows how many are lost.
    """

    symbol: str
    channel: GapChannel
    cause: GapCause
    from_id: int
    to_id: int
    from_ns: int
    to_ns: int
    numbered: bool = True

    @property
    def size(self) -> int:
        """0: unknown."""
        return self.to_id - self.from_id - 1 if self.numbered else 0

    def gap(self, source: str, state: GapState, filled: int, known_at_ns: int) -> Gap:
        """The event that tells this hole's state."""
        from_id, to_id = (self.from_id, self.to_id) if self.numbered else (0, 0)
        bounds = f"{from_id}:{to_id}" if self.numbered else f"time:{self.from_ns}"
        gap_id = f"{source}:{self.symbol}:{self.channel}:{bounds}"
        return Gap(
            gap_id,
            self.symbol,
            source,
            self.channel,
            self.cause,
            state,
            from_id,
            to_id,
            self.from_ns,
            self.to_ns,
            self.size,
            filled,
            known_at_ns,
        )


@dataclass(slots=True)
class Continuity:
    """The newest ids of one channel. Every new connection makes each known symbol unsure until its next id is seen. catching_up: symbols whose connection may
    still tell what was published already, and when that was.

    contiguous: the venue numbers without holes, so a jump within a connection is a loss too. by_time: event times stand for the numbers.
    """

    channel: GapChannel
    contiguous: bool
    known: dict[str, Known] = field(default_factory=dict)
    unsure: dict[str, GapCause] = field(default_factory=dict)
    by_time: bool = False
    catching_up: dict[str, int] = field(default_factory=dict)

    def repeats(self, symbol: str, number: int, ts_event_ns: int = 0) -> bool:
        """While it catches up: the number was published, or where there is none (0) the time. Once a symbol is past that it has caught up."""
        known = self.known.get(symbol)
        if symbol not in self.catching_up or known is None:
            return False
        if number <= known.newest_id if number else ts_event_ns <= known.ts_event_ns:
            return True
        self.catching_up.pop(symbol, None)
        return False

    def restart(self, cause: GapCause, symbols: Collection[str] | None = None, opened_ns: int = 0) -> None:
        """A connection begins, with these symbols (None: all). A symbol that was unsure already keeps the first cause.

        opened_ns: when it was opened. What was published after that it may tell again; what was published before it does not, unless it plays from the start.
        """
        for symbol in self.known:
            if symbols is None or symbol in symbols:
                self.unsure.setdefault(symbol, cause)
                if self.catching_up.get(symbol, opened_ns) < opened_ns:
                    del self.catching_up[symbol]

    def missing_before(self, symbol: str, first_id: int, ts_event_ns: int) -> Hole | None:
        """The hole before an arriving id, or None. A lower id than the known one after a new connection is a capture that plays again: no hole."""
        known = self.known.get(symbol)
        cause = self.unsure.get(symbol)
        if known is None or (cause is None and not self.contiguous):
            return None
        follows = first_id < known.newest_id if self.by_time else first_id <= known.newest_id + 1  # one instant may hold many
        if follows:
            return None
        return Hole(symbol, self.channel, cause or "sequence", known.newest_id, first_id, known.ts_event_ns, ts_event_ns, not self.by_time)

    def follows(self, symbol: str, number: int, ts_event_ns: int) -> bool:
        """The number is just the one after the newest, as nearly all are: it was passed on. Else nothing is done: ask `missing_before`, then call `passed`."""
        known = self.known.get(symbol)
        if known is None or number != known.newest_id + 1 or self.unsure:
            return False
        known.newest_id, known.ts_event_ns = number, ts_event_ns
        return True

    def passed(self, symbol: str, newest_id: int, ts_event_ns: int) -> None:
        """The id was passed on. It becomes the newest one if it is larger, or the first of a connection."""
        known = self.known.get(symbol)
        if known is None:
            self.known[symbol] = Known(newest_id, ts_event_ns)
        elif newest_id > known.newest_id or symbol in self.unsure:
            known.newest_id, known.ts_event_ns = newest_id, ts_event_ns
        if self.unsure:
            self.unsure.pop(symbol, None)


def is_far_ahead(tick: Tick) -> bool:
    """Its event time cannot be: what comes after it must not count as older."""
    return tick.ts_event_ns > tick.ts_ingest_ns + FAR_AHEAD_NS


class TradeFiller:
    """Asks the venue for trades that are missing. Waits for it; raises TransientError where it cannot be asked now.

    A question that the venue refuses is an answer too: it has nothing to give.
    """

    def __init__(self, history: History, source: str, max_trades: int) -> None:
        self._history = history
        self._source = source
        self._max_trades = max_trades

    def too_large(self, hole: Hole) -> bool:
        return hole.size > self._max_trades

    async def fill(self, hole: Hole, next_id: int, from_ns: int = 0) -> AsyncIterator[list[Trade]]:
        """Pages of the hole's trades from next_id on, in order and marked as filled, until the hole is full or the venue has no more. from_ns: the event
        time of the trade before next_id, 0: that of the hole's start."""
        from_ns = from_ns or hole.from_ns
        while next_id < hole.to_id:
            try:
                page = await self._history.trades(hole.symbol, next_id, hole.to_id - next_id, from_ns)
            except UserError as error:
                log.warning("gap_fill_refused", symbol=hole.symbol, next_id=next_id, to_id=hole.to_id, error=str(error))
                return
            trades = [trade for trade in page if next_id <= int(trade.trade_id) < hole.to_id]
            if not trades:
                return
            for trade in trades:
                trade.filled = True
            metrics.FILLED_TRADES.labels(self._source).inc(len(trades))
            yield trades
            next_id, from_ns = int(trades[-1].trade_id) + 1, trades[-1].ts_event_ns

    async def since(self, hole: Hole) -> tuple[list[Trade], bool]:
        """Of a hole in time: the venue's trades from its start to its end, marked as filled, and whether the venue's memory reaches back to its start."""
        try:
            trades = await self._history.trades_since(hole.symbol, hole.from_ns)
        except UserError as error:
            log.warning("gap_fill_refused", symbol=hole.symbol, from_ns=hole.from_ns, to_ns=hole.to_ns, error=str(error))
            return [], False
        complete = bool(trades) and trades[0].ts_event_ns <= hole.from_ns
        inside = [trade for trade in trades if hole.from_ns <= trade.ts_event_ns <= hole.to_ns]
        for trade in inside:
            trade.filled = True
        return inside, complete

    async def newer(self, symbol: str, newest_id: int, newest_ns: int = 0) -> list[Trade]:
        """The first page of trades after newest_id, which was made at newest_ns."""
        try:
            return await self._history.trades(symbol, newest_id + 1, PAGE_TRADES, newest_ns)
        except UserError as error:
            log.warning("newer_trades_refused", symbol=symbol, from_id=newest_id + 1, error=str(error))
            return []

    async def newest_update_id(self, symbol: str) -> int | None:
        """The number of the book's newest state; None when the venue refuses to tell."""
        try:
            return await self._history.newest_update_id(symbol)
        except UserError as error:
            log.warning("newest_update_id_refused", symbol=symbol, error=str(error))
            return None
