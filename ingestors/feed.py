"""What every feed does with its frames, whoever the provider is: parse, find and fill holes, publish in order, keep event time moving.

Nothing here touches a socket. Frames come in batches; the shell around it (a provider's ingestor) takes them from the queue.
"""

from collections import Counter
from collections.abc import Callable

import structlog

from ingestors.connection import BROKEN, CLOSED, OPENED, Stamped
from ingestors.gap_fill import Continuity, Hole, TradeFiller
from ingestors.publisher import EventPublisher
from ingestors.resume import Published
from ingestors.watermarks import Watermarks
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import InvalidRecord
from runtime.faults import KillPoints
from runtime.settings import IngestSettings
from schemas.bars import Bar
from schemas.books import BookDifference
from schemas.gaps import GapState
from schemas.reasons import Reason
from schemas.ticks import Quote, Trade

log = structlog.get_logger()

_CAPTURE_INTERVAL_S = 1.0  # a replay's event time may run hundreds of times faster than the clock: watermarks would outnumber envelopes
_SETTLE_S = 1.0  # how long a symbol may stay silent after a connect before its trades are asked for
Parse = Callable[[bytes, int], object]
"""(frame, received_ns) -> Trade, Quote, BookDifference, Bar, or anything else for frames that are no data. Raises InvalidRecord."""


class Feed:
    """One source. After a connection each known symbol is unsure until its first trade: if ids are missing before it they are fetched first, so order is kept.
    Until no symbol is unsure no watermark is written: it would close bars whose trades are still being fetched.
    """

    def __init__(
        self,
        source: str,
        parse: Parse,
        publisher: EventPublisher,
        filler: TradeFiller,
        settings: IngestSettings,
        clock: Clock,
        *,
        published: Published,
        max_frame_bytes: int,
        stage: str,
        process: str,
        kill_points: KillPoints,
        on_control: Callable[[object], None],
        capture_clock: bool = False,
    ) -> None:
        self._source = source
        self._parse = parse
        self._publisher = publisher
        self._filler = filler
        self._settings = settings
        self._clock = clock
        self._max_frame_bytes = max_frame_bytes
        self._stage = stage
        self._kill_points = kill_points
        self._on_control = on_control
        self._trades = Continuity("trade", True, published.trades)
        self._quotes = Continuity("quote", False, published.quotes)
        self._books = Continuity("book", True, published.books)
        interval_s = max(settings.watermark_interval_s, _CAPTURE_INTERVAL_S) if capture_clock else settings.watermark_interval_s
        self._watermarks = Watermarks(interval_s, settings.watermark_delay_s)
        self._opened = 0
        self._may_have_lost = True  # what was published last is known, what was sent since is not
        self._settle_at_s = 0.0
        self._frames: Counter[str] = Counter()
        self._latency = metrics.LATENCY_SECONDS.labels(process)
        self._frame_bytes = metrics.FRAME_BYTES.labels(source)
        self._data_time = metrics.DATA_TIME.labels(source)

    async def handle(self, frames: list[Stamped], backlog_frames: int) -> bool:
        """Publishes one batch, all of it handed to the producer on return. Waits only to fill a hole. True if there was a good frame among them."""
        self._publisher.set_backlog(self._settings.flush_ticks, backlog_frames + len(frames))
        parse, max_frame_bytes, good = self._parse, self._max_frame_bytes, 0
        for received_ns, frame in frames:
            if frame is OPENED or frame is CLOSED or frame is BROKEN:
                await self._connection(frame, received_ns)
                continue
            try:
                if len(frame) > max_frame_bytes:
                    raise InvalidRecord(Reason.FRAME_TOO_LARGE, f"{len(frame)} bytes; binance.max_frame_bytes is {max_frame_bytes}")
                event = parse(frame, received_ns)
            except InvalidRecord as error:
                self._frames["refused"] += 1
                self._publisher.refuse(frame, error.reason, error.detail, self._now_ns(), received_ns)
                continue
            good += 1
            self._kill_points.reach("frame_parsed")
            if type(event) is Quote:
                self._quote(event, received_ns)
            elif type(event) is Trade:
                await self._trade(event, received_ns)
            else:
                self._rare(event, received_ns)
        self._publisher.flush()
        self._publisher.poll()
        self._count(frames)
        return good > 0

    def _quote(self, quote: Quote, received_ns: int) -> None:
        self._move_clock(quote.ts_ingest_ns, received_ns)
        if self._quotes.unsure:
            self._tell_hole(self._quotes.missing_before(quote.symbol, quote.update_id, quote.ts_event_ns), quote.ts_ingest_ns, received_ns)
        self._quotes.passed(quote.symbol, quote.update_id, quote.ts_event_ns)
        self._publisher.tick(quote, received_ns)
        self._frames["quote"] += 1

    async def _trade(self, trade: Trade, received_ns: int) -> None:
        trade_id = int(trade.trade_id)
        hole = self._trades.missing_before(trade.symbol, trade_id, trade.ts_event_ns)
        if hole:
            await self._fill(hole, trade.ts_ingest_ns, received_ns)
        self._trades.passed(trade.symbol, trade_id, trade.ts_event_ns)
        self._move_clock(trade.ts_ingest_ns, received_ns)
        self._watermarks.see(trade.ts_event_ns)
        self._publisher.tick(trade, received_ns)
        self._frames["trade"] += 1

    def _rare(self, event: object, received_ns: int) -> None:
        """Books, bars, and frames that are no data."""
        if isinstance(event, BookDifference):
            self._move_clock(event.ts_ingest_ns, received_ns)
            self._tell_hole(
                self._books.missing_before(event.symbol, event.first_update_id, event.ts_event_ns), event.ts_ingest_ns, received_ns
            )
            self._books.passed(event.symbol, event.last_update_id, event.ts_event_ns)
            self._watermarks.see(event.ts_event_ns)
            self._publisher.book(event, received_ns)
            self._frames["book"] += 1
        elif isinstance(event, Bar):
            self._move_clock(event.known_at_ns, received_ns)
            self._publisher.bar(event, received_ns)
            self._frames["bar"] += 1
        else:
            self._on_control(event)
            self._frames["control"] += 1

    def _move_clock(self, ingest_ns: int, received_ns: int) -> None:
        """Event by event, so that the same frames always give the same watermarks at the same places."""
        if self._watermarks.due(ingest_ns) and not self._trades.unsure:
            self.write_watermark(received_ns)

    def write_watermark(self, received_ns: int) -> None:
        """The ticks so far, then how far event time has come. Does nothing before the first event."""
        if self._watermarks.now_ns:
            self._publisher.watermark(self._watermarks.value(), self._watermarks.now_ns, received_ns)

    def idle(self, now_ns: int) -> None:
        """Called while nothing comes, where the ingest clock is the machine's: event time moves on all the same."""
        if self._watermarks.now_ns:
            self._move_clock(now_ns, now_ns)

    async def _connection(self, marker: bytes, received_ns: int) -> None:
        if marker is OPENED:
            for continuity in (self._trades, self._quotes, self._books):
                continuity.restart("reconnect" if self._opened else "restart")
            self._opened += 1
            self._settle_at_s = self._clock.monotonic_s() + _SETTLE_S
            metrics.CONNECTIONS.labels(self._source).inc()
            return
        await self.settle()
        if self._may_have_lost:
            await self._settle_books(received_ns)
        self._may_have_lost = marker is BROKEN

    def must_settle(self) -> bool:
        """Symbols are still unsure a second after the connect: call `settle`."""
        return bool(self._trades.unsure) and self._opened > 0 and self._clock.monotonic_s() >= self._settle_at_s

    async def settle(self) -> None:
        """Asks for the trades of symbols that have not traded since the connect: nobody waits for a hole until its symbol trades again."""
        self._settle_at_s = self._clock.monotonic_s() + _SETTLE_S
        for symbol in list(self._trades.unsure):
            known = self._trades.known[symbol]
            newer = await self._filler.newer(symbol, known.newest_id)
            if newer is None:
                return
            if newer:
                hole = self._trades.missing_before(symbol, int(newer[-1].trade_id) + 1, newer[-1].ts_event_ns)
                if hole:
                    await self._fill(hole, self._now_ns(), self._clock.now_ns())
            if len(newer) < 1000:
                self._trades.passed(symbol, known.newest_id, known.ts_event_ns)
        self._publisher.flush()

    async def _settle_books(self, received_ns: int) -> None:
        """A connection ended before every symbol's quotes and books came again after a break: how far they are lost is asked for now, since the next
        frame may never come. Not after a good-bye: the update ids that no quote carries would look like a loss."""
        for symbol in sorted({*self._quotes.unsure, *self._books.unsure}):
            newest = await self._filler.newest_update_id(symbol)
            for continuity in (self._quotes, self._books):
                known = continuity.known.get(symbol)
                if newest is None or known is None or symbol not in continuity.unsure:
                    continue
                self._tell_hole(continuity.missing_before(symbol, newest + 1, known.ts_event_ns), self._now_ns(), received_ns)
                continuity.passed(symbol, max(newest, known.newest_id), known.ts_event_ns)

    def _now_ns(self) -> int:
        """The ingest clock, also before the first event."""
        return self._watermarks.now_ns or self._clock.now_ns()

    async def _fill(self, hole: Hole, ingest_ns: int, received_ns: int) -> None:
        """Publishes the missing trades in their place, then the gap event with what was found."""
        if self._filler.too_large(hole):
            self._tell_hole(hole, ingest_ns, received_ns)
            return
        filled = 0
        async for page in self._filler.fill(hole):
            for trade in page:
                trade.ts_ingest_ns = ingest_ns
                self._trades.known[hole.symbol].newest_id = int(trade.trade_id)
                self._trades.known[hole.symbol].ts_event_ns = trade.ts_event_ns
                self._watermarks.see(trade.ts_event_ns)
                self._publisher.tick(trade, received_ns)
            filled += len(page)
        state: GapState = "filled" if filled == hole.size else "partial" if filled else "unfillable"
        self._publisher.gaps([hole.gap(self._source, state, filled, ingest_ns)], received_ns)
        log.info("hole", symbol=hole.symbol, state=state, from_id=hole.from_id, to_id=hole.to_id, filled=filled)

    def _tell_hole(self, hole: Hole | None, ingest_ns: int, received_ns: int) -> None:
        if hole:
            self._publisher.gaps([hole.gap(self._source, "unfillable", 0, ingest_ns)], received_ns)

    def _count(self, frames: list[Stamped]) -> None:
        for kind, number in self._frames.items():
            metrics.FRAMES.labels(self._source, kind).inc(number)
        self._frames.clear()
        self._frame_bytes.inc(sum(len(frame) for _, frame in frames))
        if frames:
            self._latency.observe(max(0, self._clock.now_ns() - frames[0][0]) / 1e9)
            self._data_time.set(self._watermarks.newest_event_ns / 1e9)
