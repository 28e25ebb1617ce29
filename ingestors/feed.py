"""What every feed does with its frames, whoever the provider is: parse, find and fill holes, publish in order, keep event time moving.

Nothing here touches a socket. Frames come in batches; the shell around it (a provider's ingestor) takes them from the queue.
"""

from collections.abc import Callable, Collection, Iterable
from functools import partial

from ingestors.books.desk import BookDesk
from ingestors.events import Acknowledged, Denied, Heartbeat, Ignored, Leaving, Lost, NewestTrade, Ping, Refused, Unreadable, Welcome
from ingestors.flow import Flow
from ingestors.frame_queue import Marker, Stamped, bytes_of
from ingestors.gap_fill import TradeFiller
from ingestors.lane import Lane
from ingestors.publisher import EventPublisher
from ingestors.recovery import Recovery
from ingestors.resume import Published
from ingestors.settling import Settling
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
_NO_DATA = (Acknowledged, Refused, Denied, Welcome, Heartbeat, Ping)  # the provider talks, but the feed is not proved to live
_SAID = (*_NO_DATA, Leaving, Lost, NewestTrade, Ignored, Unreadable)
_AFTER_ALL_NS = 2**63  # a capture may be played again, whenever it is


class Feed:
    """One source. After a connection each known symbol is unsure until its first trade: if ids are missing before it they are fetched first, so order is kept.
    Until no symbol is unsure no watermark is written: it would close bars whose trades are still being fetched. Not while the venue cannot be asked:
    then event time goes on, and what comes later corrects. A connection that is down or behind holds the source's watermark, where others live on.
    """

    def __init__(
        self,
        source: str,
        publisher: EventPublisher,
        filler: TradeFiller,
        books: BookDesk,
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
        quotes_numbered: bool = True,
    ) -> None:
        self._source = source
        self._publisher = publisher
        self._filler = filler
        self._desk = books
        self._settings = settings
        self._clock = clock
        self._max_frame_bytes = max_frame_bytes
        self._limit_name = limit_name
        self._kill_points = kill_points
        self._on_control = on_control
        interval_s = max(settings.watermark_interval_s, _CAPTURE_INTERVAL_S) if capture_clock else settings.watermark_interval_s
        self._watermarks = Watermarks(interval_s, settings.watermark_delay_s)
        self._pace = VenuePace(clock)
        self._recovery = Recovery(source, filler, self._pace, publisher, self._watermarks, on_progress)
        self._recovery.resume(published.open_holes, published.passed())
        self._flow = flow = Flow(source, publisher, books, self._recovery, self._watermarks, self._pace, clock, published, quotes_numbered)
        self._settling = Settling(flow.trades, flow.quotes, flow.books, filler, self._recovery, self._pace, clock, flow.now_ns, on_progress)
        self._frames = flow.counted
        self._latency = metrics.LATENCY_SECONDS.labels(process)
        self._frame_bytes = metrics.FRAME_BYTES.labels(source)
        self._data_time = metrics.DATA_TIME.labels(source)

    async def handle(self, lane: Lane, frames: list[Stamped], backlog_frames: int) -> bool:
        """Publishes one batch of a lane; while frames wait behind it (backlog_frames), envelopes that are not full stay open for them. Waits only to
        fill a hole. True if there was data in it."""
        self._publisher.set_backlog(self._settings.flush_ticks, backlog_frames + len(frames))
        self._watermarks.turn(None if lane.played and not lane.open else lane)  # one that has ended must not hold event time again
        parse, max_frame_bytes, flow, reached = lane.parse, self._max_frame_bytes, self._flow, self._kill_points.reach
        for received_ns, frame in frames:
            if type(frame) is Marker:
                await self._connection(lane, frame, received_ns)
                self._watermarks.turn(lane if lane.open else None)
                parse = lane.parse
                continue
            try:
                if len(frame) > max_frame_bytes:
                    raise InvalidRecord(Reason.FRAME_TOO_LARGE, f"{len(frame)} bytes; {self._limit_name} is {max_frame_bytes}")
                event = parse(frame, received_ns)
            except InvalidRecord as error:
                self._frames["refused"] += 1
                self._publisher.refuse(frame, error.reason, error.detail, self.now_ns(), received_ns)
                continue
            reached("frame_parsed")
            if type(event) is Quote:
                flow.quote(event, received_ns)
            elif type(event) is Trade:
                if hole := flow.trade(event, received_ns):
                    await flow.fill(hole, event, received_ns)
            elif type(event) is list:
                await self._several(lane, event, received_ns)
            else:
                self._rare(lane, event, received_ns)
        self._watermarks.turn(None)
        if not backlog_frames:
            self._publisher.flush()
        self._publisher.poll()
        return self._count(frames)

    def listen(self, lane: Lane, frames: list[Stamped]) -> bool:
        """A lane that will take over: what the provider says is heard, the data are still published by the lane that it replaces."""
        for received_ns, frame in frames:
            if isinstance(frame, Marker):
                lane.begin(frame) if frame.kind == "opened" else lane.end()
                continue
            try:
                events = lane.parse(frame, received_ns)
            except InvalidRecord:
                continue  # the other lane has it too
            for event in events if isinstance(events, list) else [events]:
                if isinstance(event, _SAID):
                    self._on_control(lane, event)
                else:
                    lane.heard_events += 1
            self._frames["standby"] += 1
        return self._count(frames)

    def take_over(self, lane: Lane, lossless: bool) -> None:
        """The lane is published from now on. lossless: the one before it ended in order, and this one listened before it did."""
        lane.standby = False
        self._watermarks.take_over(lane)
        if lossless:
            self._settling.take_over(lane.symbols)
            self._desk.hand_over(lane.symbols, self.now_ns(), self._clock.now_ns())
        else:
            self._settling.begin(lane.symbols, "reconnect")
            self._desk.restart(lane.symbols, self.now_ns(), self._clock.now_ns())

    def carry(self, lanes: Iterable[Lane]) -> None:
        """Connections that are being made: event time waits for them, where there are several."""
        for lane in lanes:
            self._watermarks.carry(lane)

    def drop(self, lanes: Iterable[Lane]) -> None:
        """Connections that are closed, for they carry nothing any more."""
        for lane in lanes:
            self._watermarks.drop(lane)

    def add(self, symbols: Iterable[str], published: Published) -> None:
        """Symbols that are subscribed to from now on; published: what is known of them from before."""
        new = set(symbols)
        flow = self._flow
        for continuity, known in ((flow.trades, published.trades), (flow.quotes, published.quotes), (flow.books, published.books)):
            for symbol in new & known.keys():
                continuity.known.setdefault(symbol, known[symbol])
        self._recovery.know(published.passed())
        self._settling.begin(new, "restart")
        self._desk.expect(new)

    def forget(self, symbols: Collection[str]) -> None:
        """Symbols that are not subscribed to any more."""
        self._settling.forget(symbols)
        self._desk.forget(symbols, self.now_ns(), self._clock.now_ns())

    async def _several(self, lane: Lane, events: list[object], received_ns: int) -> None:
        """Of one frame, in order."""
        for event in events:
            if type(event) is Quote:
                self._flow.quote(event, received_ns)
            elif type(event) is not Trade:
                self._rare(lane, event, received_ns)
            elif hole := self._flow.trade(event, received_ns):
                await self._flow.fill(hole, event, received_ns)

    def _rare(self, lane: Lane, event: object, received_ns: int) -> None:
        """Books, bars, and frames that are no data."""
        if isinstance(event, BookDifference):
            self._flow.book(event, received_ns)
        elif isinstance(event, Bar):
            self._flow.bar(event, received_ns)
        elif isinstance(event, Unreadable):
            self._frames["refused"] += 1
            self._publisher.refuse(event.payload, event.reason, event.detail, self.now_ns(), received_ns)
        elif isinstance(event, NewestTrade):
            self._settling.told(event)
            self._frames["control"] += 1
            self._on_control(lane, event)
        else:
            self._frames["control" if isinstance(event, _NO_DATA) else "ignored"] += 1
            self._on_control(lane, event)

    def write_watermark(self, received_ns: int) -> None:
        """The ticks so far, then how far event time has come. Does nothing before the first event."""
        self._flow.write_watermark(received_ns)

    def idle(self, now_ns: int, from_the_start: bool = False) -> None:
        """Called while nothing comes, where the ingest clock is the machine's: event time moves on all the same. from_the_start: though there was no event yet."""
        if self._watermarks.now_ns or from_the_start:
            self._flow.move_clock(now_ns, now_ns)
            self._desk.tell(now_ns, now_ns)

    async def _connection(self, lane: Lane, marker: Marker, received_ns: int) -> None:
        if marker.kind == "opened":
            lane.begin(marker)
            if not lane.seamless:
                opened_ns = _AFTER_ALL_NS if lane.played else received_ns
                self._settling.begin(lane.symbols, "reconnect" if lane.opened > 1 else "restart", opened_ns)
                self._desk.restart(lane.symbols, self.now_ns(), received_ns)
            lane.seamless = False
            metrics.CONNECTIONS.labels(self._source).inc()
            return
        lane.end()
        if lane.played:
            self._watermarks.drop(lane)
        if lane.retired:
            return
        if not lane.played:
            self._desk.restart(lane.symbols, self.now_ns(), received_ns)
        await self.settle()
        if lane.may_have_lost and self._pace.due():
            tell = partial(self._flow.tell_hole, ingest_ns=self.now_ns(), received_ns=received_ns)
            await self._pace.ask(self._settling.books(lane.symbols, tell))
        lane.may_have_lost = marker.kind == "broken"

    def stop_asking(self) -> None:
        """The process ends: the venue gets little more time; what stays open is found again at the next start."""
        self._pace.stop()

    def must_settle(self) -> bool:
        """Something is unsure for a second, or holes are open: call `settle`."""
        return self._settling.due()

    def asks_for_trades(self) -> bool:
        """Holes are open, or trades unsure: other questions to the venue wait."""
        return self._recovery.pending() or bool(self._flow.trades.unsure)

    def finish(self, received_ns: int) -> None:
        """The last words, once every frame was handled: no book is known any more, and how far event time came."""
        self._desk.finish(self.now_ns(), received_ns)
        self.write_watermark(received_ns)

    async def settle(self) -> None:
        """Waits a few seconds at most; does nothing while the venue is better not asked."""
        self._watermarks.turn(None)
        if self._pace.due():
            await self._pace.ask(self._settling.trades())
            self._publisher.flush()
        self._settling.wait()

    def now_ns(self) -> int:
        """The ingest clock, also before the first event."""
        return self._flow.now_ns()

    def _count(self, frames: list[Stamped]) -> bool:
        """True if there was data."""
        data = bool(self._frames.keys() - {"control", "refused"})
        for kind, number in self._frames.items():
            metrics.FRAMES.labels(self._source, kind).inc(number)
        self._frames.clear()
        self._frame_bytes.inc(bytes_of(frames))
        if frames:
            self._latency.observe(max(0, self._clock.now_ns() - frames[0][0]) / 1e9)
            self._data_time.set(self._watermarks.newest_event_ns / 1e9)
        return data
