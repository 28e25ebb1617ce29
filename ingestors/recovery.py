"""Holes of trades: filled at once where the venue answers, kept open and tried again where it could not be asked."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from ingestors.gap_fill import Hole, TradeFiller
from ingestors.publisher import EventPublisher
from ingestors.venue_pace import VenuePace
from ingestors.watermarks import Watermarks
from schemas.gaps import GapState
from schemas.ticks import Trade

log = structlog.get_logger()

_PASSED = 1_000  # trade ids of a symbol that are remembered
_ANY_TIME_NS = 2**63  # of a trade whose time is not known
_STILL_COMES_NS = 10_000_000_000  # a connection tells a trade so much later than the venue's REST interface, at most
MAX_OPEN_HOLES = 256  # of a symbol, as many as validate keeps


@dataclass(slots=True)
class Missing:
    """What of a hole is still to be asked for: from next_id on, after the trade of next_ns; filled: how many of its trades were published. known: of a hole
    in time, the ids within it, its ends included, that the connection told: however late the venue answers, they are not published again."""

    hole: Hole
    next_id: int
    next_ns: int = 0
    filled: int = 0
    complete: bool = False  # of a hole in time: the venue gave all that it had
    known: set[int | str] = field(default_factory=set)

    @classmethod
    def all_of(cls, hole: Hole) -> "Missing":
        return cls(hole, hole.from_id + 1)

    @property
    def state(self) -> GapState:
        """Once the venue has given what it has."""
        whole = self.filled == self.hole.size if self.hole.numbered else self.complete
        return "filled" if whole else "partial" if self.filled else "unfillable"

    @property
    def nothing_was_lost(self) -> bool:
        """A hole in time that held no trade."""
        return self.complete and not self.filled


class Recovery:
    """Publishes missing trades and tells every state of their holes. A hole whose trades the venue could not be asked for is `open` until it was."""

    def __init__(
        self,
        source: str,
        filler: TradeFiller,
        pace: VenuePace,
        publisher: EventPublisher,
        watermarks: Watermarks,
        on_progress: Callable[[], None],
    ) -> None:
        self._source = source
        self._filler = filler
        self._pace = pace
        self._publisher = publisher
        self._watermarks = watermarks
        self._on_progress = on_progress
        self._open: dict[str, list[Missing]] = {}
        self._filled: dict[str, tuple[set[int | str], int]] = {}  # what filled the newest hole in time, and the newest event time of it
        self._passed: dict[str, dict[int | str, int]] = {}  # by symbol, of holes in time: the newest trade ids, with their times

    def passed(self, trade: Trade) -> None:
        """A trade of a venue that does not number them was published: it is none of those that a later hole lacks."""
        symbol, number, event_ns = trade.symbol, trade.trade_id, trade.ts_event_ns
        self._remember(self._passed.setdefault(symbol, {}), number, event_ns)
        for missing in self._open.get(symbol, ()):
            if event_ns <= missing.hole.to_ns:
                missing.known.add(number)

    @staticmethod
    def _remember(passed: dict[int | str, int], number: int | str, event_ns: int) -> None:
        """As the newest, also where it is there already."""
        passed.pop(number, None)
        passed[number] = event_ns
        if len(passed) > _PASSED:
            del passed[next(iter(passed))]

    def was_passed(self, trade: Trade) -> bool:
        """The same."""
        return trade.trade_id in self._passed.get(trade.symbol, {})

    def was_filled(self, trade: Trade) -> bool:
        """It comes over the connection too, after the venue told it when it was asked what a break had lost."""
        if trade.symbol not in self._filled:
            return False
        ids, newest_ns = self._filled[trade.symbol]
        if trade.ts_event_ns > newest_ns + _STILL_COMES_NS:
            del self._filled[trade.symbol]
        return trade.trade_id in ids

    def pending(self) -> bool:
        """There are open holes."""
        return any(self._open.values())

    def resume(self, holes: list[Hole], passed: Mapping[str, Iterable[int | str]] | None = None) -> None:
        """Holes that an earlier process left open; they are not told again. passed: trade ids that it published last, by symbol."""
        self.know(passed or {})
        for hole in holes:
            self._open.setdefault(hole.symbol, []).append(self._missing(hole))

    def know(self, passed: Mapping[str, Iterable[int | str]]) -> None:
        """These trades were published, the newest last."""
        for symbol, ids in passed.items():
            known = self._passed.setdefault(symbol, {})
            for number in ids:
                self._remember(known, number, _ANY_TIME_NS)

    def _missing(self, hole: Hole) -> Missing:
        """All of a hole that stays open."""
        missing = Missing.all_of(hole)
        if not hole.numbered:
            passed = self._passed.get(hole.symbol, {})
            missing.known = {number for number, event_ns in passed.items() if event_ns >= hole.from_ns}
        return missing

    async def fill(self, hole: Hole, ingest_ns: int, received_ns: int) -> None:
        """Publishes the missing trades in their place, then the gap event. The hole's far end may be passed on after this, whatever came of it."""
        missing = self._missing(hole)
        if self._filler.too_large(hole):
            self._tell(missing, "unfillable", ingest_ns, received_ns)
        elif self._pace.due() and await self._pace.ask(self._fetch(missing, ingest_ns, received_ns)):
            if not missing.nothing_was_lost:
                self._tell(missing, missing.state, ingest_ns, received_ns)
        else:
            self._keep(missing, ingest_ns, received_ns)

    def fill_with(self, hole: Hole, trades: list[Trade], ingest_ns: int, received_ns: int) -> None:
        """The same with the trades at hand: all that the venue has of the hole."""
        missing = Missing.all_of(hole)
        if not self._filler.too_large(hole):
            for trade in trades:
                trade.filled = True
            self._publish(missing, trades, ingest_ns, received_ns)
        self._tell(missing, missing.state, ingest_ns, received_ns)

    async def fill_since(self, hole: Hole, ingest_ns: int, received_ns: int) -> int:
        """A hole in time up to now. The event time of the newest trade that was found, 0 if none. Raises TransientError."""
        missing = Missing.all_of(hole)
        newest_ns = await self._fetch_time(missing, ingest_ns, received_ns)
        if not missing.nothing_was_lost:
            self._tell(missing, missing.state, ingest_ns, received_ns)
        return newest_ns

    async def retry(self, ingest_ns: int, received_ns: int) -> None:
        """Asks again for all open holes, the oldest of a symbol first. Raises TransientError at the first question that cannot be asked."""
        for missing in [missing for holes in list(self._open.values()) for missing in holes]:
            if not self._filler.too_large(missing.hole):
                await self._fetch(missing, ingest_ns, received_ns)
            self._open[missing.hole.symbol].remove(missing)
            self._tell(missing, missing.state, ingest_ns, received_ns)

    async def _fetch(self, missing: Missing, ingest_ns: int, received_ns: int) -> None:
        if not missing.hole.numbered:
            await self._fetch_time(missing, ingest_ns, received_ns)
            return
        async for page in self._filler.fill(missing.hole, missing.next_id, missing.next_ns):
            self._publish(missing, page, ingest_ns, received_ns)
            self._pace.answered()
            self._on_progress()

    async def _fetch_time(self, missing: Missing, ingest_ns: int, received_ns: int) -> int:
        trades, missing.complete = await self._filler.since(missing.hole)
        passed, known = self._passed.get(missing.hole.symbol, {}), missing.known
        lost = [trade for trade in trades if trade.trade_id not in passed and trade.trade_id not in known]
        if lost:
            self._publish(missing, lost, ingest_ns, received_ns)
            self._filled[missing.hole.symbol] = {trade.trade_id for trade in lost}, lost[-1].ts_event_ns
        self._pace.answered()
        self._on_progress()
        return trades[-1].ts_event_ns if trades else 0

    def _publish(self, missing: Missing, trades: list[Trade], ingest_ns: int, received_ns: int) -> None:
        for trade in trades:
            trade.ts_ingest_ns = ingest_ns
            self._watermarks.see(trade.ts_event_ns)
            self._publisher.tick(trade, received_ns)
            if not missing.hole.numbered:
                self.passed(trade)
        missing.filled += len(trades)
        if missing.hole.numbered:
            missing.next_id, missing.next_ns = int(trades[-1].trade_id) + 1, trades[-1].ts_event_ns

    def _keep(self, missing: Missing, ingest_ns: int, received_ns: int) -> None:
        holes = self._open.setdefault(missing.hole.symbol, [])
        holes.append(missing)
        self._tell(missing, "open", ingest_ns, received_ns)
        if len(holes) > MAX_OPEN_HOLES:
            given_up = holes.pop(0)
            self._tell(given_up, given_up.state, ingest_ns, received_ns)

    def _tell(self, missing: Missing, state: GapState, ingest_ns: int, received_ns: int) -> None:
        hole = missing.hole
        self._publisher.flush()  # the trades first: a hole that is told as filled is never asked for again
        self._publisher.gaps([hole.gap(self._source, state, missing.filled, ingest_ns)], received_ns)
        log.info("hole", symbol=hole.symbol, state=state, from_id=hole.from_id, to_id=hole.to_id, filled=missing.filled)
