"""What every feed does with its frames, whoever the provider is: parse, find and fill holes, publish in order, keep event time moving.

Nothing here touches a socket. Frames come in batches; the shell around it (a provider's ingestor) takes them from the queue.
"""

from collections import Counter
from collections.abc import Callable

from ingestors.events import Acknowledged, Heartbeat, NewestTrade, Ping, Refused, Welcome
from ingestors.frame_queue import Marker, Stamped
from ingestors.gap_fill import PAGE_TRADES, Continuity, Hole, TradeFiller
from ingestors.lane import Lane
from ingestors.publisher import EventPublisher
from ingestors.recovery import Recovery
from ingestors.resume import Published
from ingestors.venue_pace import VenuePace
from ingestors.watermarks import Watermarks
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import InvalidRecord
from runtime.faults import KillPoints
from runtime.settings import IngestSettings
from schemas.bars import Bar
from schemas.books import BookDifference
from schemas.reasons import Reason
from schemas.ticks import Quote, Trade

_CAPTURE_INTERVAL_S = 1.0  # a replay's event time may run hundreds of times faster than the clock: watermarks would outnumber envelopes
_SETTLE_S = 1.0  # how long a symbol may stay silent after a connect before its trades are asked for
_NO_DATA = (Acknowledged, Refused, Welcome, Heartbeat, Ping)  # the provider talks, but the feed is not proved to live


class Feed:
    """One source. After a connection each known symbol is unsure until its first trade: if ids are missing before it they are fetched first, so order is kept.
    Until no symbol is unsure no watermark is written: it would close bars whose trades are still being fetched. Not while the venue cannot be asked:
    then event time goes on, and what comes later corrects.
    """

    def __init__(
        self,
        source: str,
        publisher: EventPublisher,
        filler: TradeFiller,
        settings: IngestSettings,
        clock: Clock,
        *,
        published: Published,
        max_frame_bytes: int,
        limit_name: str,
        process: str,
        kill_points: KillPoints,
        on_control: Callable[[Lane, object], None],
        on_progress: Callable[[], None],
        capture_clock: bool = False,
    ) -> None:
        self._source = source
        self._publisher = publisher
        self._filler = filler
        self._settings = settings
        self._clock = clock
        self._max_frame_bytes = max_frame_bytes
        self._limit_name = limit_name
        self._kill_points = kill_points
        self._on_control = on_control
        self._on_progress = on_progress
        self._trades = Continuity("trade", not published.by_time, published.trades, by_time=published.by_time)
        self._quotes = Continuity("quote", False, published.quotes)
        self._books = Continuity("book", True, published.books)
        interval_s = max(settings.watermark_interval_s, _CAPTURE_INTERVAL_S) if capture_clock else settings.watermark_interval_s
        self._watermarks = Watermarks(interval_s, settings.watermark_delay_s)
        self._pace = VenuePace(clock)
        self._recovery = Recovery(source, filler, self._pace, publisher, self._watermarks, on_progress)
        self._recovery.resume(published.open_holes)
        self._connections = 0
        self._settle_at_s = 0.0
        self._frames: Counter[str] = Counter()
        self._latency = metrics.LATENCY_SECONDS.labels(process)
        self._frame_bytes = metrics.FRAME_BYTES.labels(source)
        self._data_time = metrics.DATA_TIME.labels(source)

    async def handle(self, lane: Lane, frames: list[Stamped], backlog_frames: int) -> bool:
        """Publishes one batch of a lane; while frames wait behind it (backlog_frames), envelopes that are not full stay open for them. Waits only to
        fill a hole. True if there was data in it."""
        self._publisher.set_backlog(self._settings.flush_ticks, backlog_frames + len(frames))
        parse, max_frame_bytes = lane.parse, self._max_frame_bytes
        for received_ns, frame in frames:
            if type(frame) is Marker:
                await self._connection(lane, frame, received_ns)
                parse = lane.parse
                continue
            assert isinstance(frame, bytes)
            try:
                if len(frame) > max_frame_bytes:
                    raise InvalidRecord(Reason.FRAME_TOO_LARGE, f"{len(frame)} bytes; {self._limit_name} is {max_frame_bytes}")
                event = parse(frame, received_ns)
            except InvalidRecord as error:
                self._frames["refused"] += 1
                self._publisher.refuse(frame, error.reason, error.detail, self._now_ns(), received_ns)
                continue
            self._kill_points.reach("frame_parsed")
            if type(event) is Quote:
                self._quote(event, received_ns)
            elif type(event) is Trade:
                await self._trade(event, received_ns)
            elif type(event) is list:
                for one in event:
                    await self._one(lane, one, received_ns)
            else:
                self._rare(lane, event, received_ns)
        if not backlog_frames:
            self._publisher.flush()
        self._publisher.poll()
        return self._count(frames)

    async def _one(self, lane: Lane, event: object, received_ns: int) -> None:
        if type(event) is Trade:
            await self._trade(event, received_ns)
        elif type(event) is Quote:
            self._quote(event, received_ns)
        else:
            self._rare(lane, event, received_ns)

    def _quote(self, quote: Quote, received_ns: int) -> None:
        self._move_clock(quote.ts_ingest_ns, received_ns)
        if self._quotes.unsure:
            self._tell_hole(self._quotes.missing_before(quote.symbol, quote.update_id, quote.ts_event_ns), quote.ts_ingest_ns, received_ns)
        self._quotes.passed(quote.symbol, quote.update_id, quote.ts_event_ns)
        self._publisher.tick(quote, received_ns)
        self._frames["quote"] += 1

    async def _trade(self, trade: Trade, received_ns: int) -> None:
        if self._trades.by_time:
            number = trade.ts_event_ns
            self._recovery.passed(trade)
        else:
            number = int(trade.trade_id)
        hole = self._trades.missing_before(trade.symbol, number, trade.ts_event_ns)
        if hole:
            await self._recovery.fill(hole, trade.ts_ingest_ns, received_ns)
        self._trades.passed(trade.symbol, number, trade.ts_event_ns)
        self._move_clock(trade.ts_ingest_ns, received_ns)
        self._watermarks.see(trade.ts_event_ns)
        self._publisher.tick(trade, received_ns)
        self._frames["trade"] += 1

    def _rare(self, lane: Lane, event: object, received_ns: int) -> None:
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
        elif isinstance(event, NewestTrade):
            self._newest(event)
            self._frames["control"] += 1
            self._on_control(lane, event)
        else:
            self._frames["control" if isinstance(event, _NO_DATA) else "ignored"] += 1
            self._on_control(lane, event)

    def _newest(self, told: NewestTrade) -> None:
        """If that trade does not come by itself within a second, it is asked for. Of a new symbol it is where the series begins."""
        known = self._trades.known.get(told.symbol)
        if known is None:
            self._trades.passed(told.symbol, told.trade_id, told.ts_event_ns)
        elif told.trade_id > known.newest_id and told.symbol not in self._trades.unsure:
            self._trades.unsure[told.symbol] = "sequence"
            self._settle_at_s = self._clock.monotonic_s() + _SETTLE_S

    def _move_clock(self, ingest_ns: int, received_ns: int) -> None:
        """Event by event, so that the same frames always give the same watermarks at the same places."""
        if self._watermarks.due(ingest_ns) and (self._pace.failing or not self._trades.unsure):
            self.write_watermark(received_ns)

    def write_watermark(self, received_ns: int) -> None:
        """The ticks so far, then how far event time has come. Does nothing before the first event."""
        if self._watermarks.now_ns:
            self._publisher.watermark(self._watermarks.value(), self._watermarks.now_ns, received_ns)

    def idle(self, now_ns: int) -> None:
        """Called while nothing comes, where the ingest clock is the machine's: event time moves on all the same."""
        if self._watermarks.now_ns:
            self._move_clock(now_ns, now_ns)

    async def _connection(self, lane: Lane, marker: Marker, received_ns: int) -> None:
        if marker.kind == "opened":
            lane.begin(marker)
            if not lane.overlaps:
                for continuity in (self._trades, self._quotes, self._books):
                    continuity.restart("reconnect" if lane.opened > 1 else "restart", lane.symbols)
            lane.overlaps = False
            self._connections += 1
            self._settle_at_s = self._clock.monotonic_s() + _SETTLE_S
            metrics.CONNECTIONS.labels(self._source).inc()
            return
        await self.settle()
        if lane.may_have_lost and self._pace.due():
            await self._pace.ask(self._settle_books(lane, received_ns))
        lane.may_have_lost = marker.kind == "broken"

    def stop_asking(self) -> None:
        """The process ends: the venue gets little more time; what stays open is found again at the next start."""
        self._pace.stop()

    def must_settle(self) -> bool:
        """Symbols are still unsure a second after the connect, or holes are open, and the venue may be asked: call `settle`."""
        return (
            bool(self._trades.unsure or self._recovery.pending())
            and self._connections > 0
            and self._clock.monotonic_s() >= self._settle_at_s
        )

    async def settle(self) -> None:
        """Asks for the trades of symbols that have not traded since the connect, since nobody waits for a hole until its symbol trades again, and for
        those of open holes. Waits a few seconds at most; does nothing while the venue is better not asked."""
        if self._pace.due():
            await self._pace.ask(self._ask_for_trades())
            self._publisher.flush()
        self._settle_at_s = self._clock.monotonic_s() + _SETTLE_S

    async def _ask_for_trades(self) -> None:
        for symbol in list(self._trades.unsure):
            if self._trades.by_time:
                await self._ask_since(symbol)
                continue
            known = self._trades.known[symbol]
            newer = await self._filler.newer(symbol, known.newest_id)
            self._pace.answered()
            self._on_progress()
            if newer:
                newest_id, ts_event_ns = int(newer[-1].trade_id), newer[-1].ts_event_ns
                hole = self._trades.missing_before(symbol, newest_id + 1, ts_event_ns)
                if hole:
                    self._recovery.fill_with(hole, newer, self._now_ns(), self._clock.now_ns())
                    known.newest_id, known.ts_event_ns = newest_id, ts_event_ns
            if len(newer) < PAGE_TRADES:
                self._trades.passed(symbol, known.newest_id, known.ts_event_ns)
        await self._recovery.retry(self._now_ns(), self._clock.now_ns())

    async def _ask_since(self, symbol: str) -> None:
        known, now_ns = self._trades.known[symbol], self._now_ns()
        hole = self._trades.missing_before(symbol, max(now_ns, known.ts_event_ns + 2), now_ns)
        if hole:
            newest_ns = await self._recovery.fill_since(hole, now_ns, self._clock.now_ns())
            known.newest_id = known.ts_event_ns = max(known.ts_event_ns, newest_ns)
        self._trades.passed(symbol, known.newest_id, known.ts_event_ns)

    async def _settle_books(self, lane: Lane, received_ns: int) -> None:
        """A connection ended before every symbol's quotes and books came again after a break: how far they are lost is asked for now, since the next
        frame may never come. Not after a good-bye: the update ids that no quote carries would look like a loss."""
        for symbol in sorted({*self._quotes.unsure, *self._books.unsure} & lane.symbols):
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

    def _tell_hole(self, hole: Hole | None, ingest_ns: int, received_ns: int) -> None:
        if hole:
            self._publisher.gaps([hole.gap(self._source, "unfillable", 0, ingest_ns)], received_ns)

    def _count(self, frames: list[Stamped]) -> bool:
        """True if there was data."""
        data = bool(self._frames.keys() - {"control", "refused"})
        for kind, number in self._frames.items():
            metrics.FRAMES.labels(self._source, kind).inc(number)
        self._frames.clear()
        self._frame_bytes.inc(sum(len(frame) for _, frame in frames))
        if frames:
            self._latency.observe(max(0, self._clock.now_ns() - frames[0][0]) / 1e9)
            self._data_time.set(self._watermarks.newest_event_ns / 1e9)
        return data
