"""The ingestor of a streaming provider: builds the parts and moves frames from the queues to Kafka until it is told to stop."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from ingestors.books.desk import BookDesk
from ingestors.books.fetcher import SnapshotFetcher
from ingestors.books.resubscriber import BookResubscriber
from ingestors.events import Denied, Leaving, Lost, Refused
from ingestors.feed import Feed
from ingestors.gap_fill import TradeFiller
from ingestors.helpers import Helpers, KafkaCheck, wake_regularly
from ingestors.history import History
from ingestors.lane import Lane
from ingestors.lanes import Lanes, Limits
from ingestors.names import Names
from ingestors.output import KafkaOutput, Output
from ingestors.persistence import persistently
from ingestors.played_lanes import PlayedLanes
from ingestors.publisher import EventPublisher
from ingestors.raw_capture import Head, RawCapture, head_of, merged_names
from ingestors.shard import Shard
from ingestors.symbol_changes import Change, SymbolChanges
from ingestors.venue import Venue
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.faults import KillPoints
from runtime.health import Health
from runtime.settings import Settings
from schemas.reasons import Reason
from schemas.sessions import calendar_of
from schemas.symbols import AssetClass, asset_class_of

log = structlog.get_logger()

_BATCH_FRAMES = 2_000  # a few ms of work: then the sockets are read again
_BATCH_BYTES = 4 * 1024 * 1024  # what one batch may add to the producer's queue, about
_CONGESTED_WAIT_S = 0.02
_FOLLOW_S = 1.0
T = TypeVar("T")


class StreamIngestor:
    """One process of one provider. `run` returns after `stop` with everything delivered.

    Raises UserError (a symbol the venue does not list), FatalError (a record was not delivered); the outside world being away is waited for.
    """

    def __init__(
        self, name: str, venue: Venue, settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None
    ) -> None:
        self.stage = f"ingest.{name}"
        self._name = name
        self._venue = venue
        self._settings = settings
        self._clock = clock
        self._health = health
        self._output = output or KafkaOutput(settings.kafka, bootstrap)
        self._source = venue.settings.source
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._names = Names()
        self._changes = SymbolChanges(venue, self._output, self._source, self._names, clock)
        self._change: Change | None = None
        limits = Limits(
            settings.ingest.queue_frames,
            settings.ingest.queue_mb * 1024 * 1024,
            venue.settings.max_frame_bytes,
            settings.ingest.silence_timeout_s,
            venue.settings.symbols_per_connection,
        )
        market_open = partial(_market_open, clock, settings.process.asset_classes)
        self.lanes: Lanes = Lanes(self._source, lambda: venue.session(self._names), limits, clock, self._wake, market_open, venue.group)
        self.feed: Feed | None = None
        self._limits = limits
        self._played: Sequence[Path] = ()
        self._capture: RawCapture | None = None
        self._helpers = Helpers(self._wake)
        self._kafka = KafkaCheck(self._output, self.stage)
        self._connected = metrics.CONNECTED.labels(self._source)
        self._queue_frames = metrics.QUEUE_FRAMES.labels(self._source)
        health.add_check("connection", self._check_connection)
        health.add_check("data", self._check_data)
        health.add_check("subscriptions", self._check_subscriptions)
        health.add_check("kafka", self._kafka.problem)

    def play(self, paths: Sequence[Path]) -> None:
        """Before `run`: reads captured frames in place of connections, and ends when they do. Raises UserError for files of another provider."""
        for path in paths:
            if (provider := head_of(path).provider) != self._name:
                raise UserError(f"{path} is a capture of {provider}, not of {self._name}; play it with: tickerplant replay {path}")
        self._played = paths
        self._names.learn(merged_names(paths))
        self._changes.symbols = set(self._names)
        self.lanes = PlayedLanes(paths, lambda: self._venue.session(self._names), self._limits, self._clock, self._wake, self.stop)

    @property
    def source(self) -> str:
        return self._source

    def stop(self) -> None:
        """Ends `run`: closes the sockets, publishes what was received, writes a last watermark. May be called from a signal handler."""
        self._stopping.set()
        self._wake.set()
        if self.feed:
            self.feed.stop_asking()

    async def run(self) -> None:
        """Until `stop`."""
        try:
            feed = await self._persistently("kafka", self._make_feed) if await self._know_symbols() else None
            if feed:
                await self._move_frames(feed)
        finally:
            await self._venue.close()

    async def _persistently(self, part: str, attempt: Callable[[], Awaitable[T]]) -> T | None:
        return await persistently(self.stage, part, attempt, self._stopping, self._health)

    async def _know_symbols(self) -> bool:
        """False if told to stop meanwhile."""
        if self._played:
            return True
        asked = await self._persistently("kafka", self._changes.read)
        return bool(asked and await self._persistently("symbols", self._resolve))

    async def _resolve(self) -> bool:
        missing = await self._changes.resolve()
        if missing:
            section = self._venue.section
            raise UserError(f"{self._name} does not list {', '.join(missing)}; correct {section}.symbols: such as BTC-USD, EUR-USD, AAPL")
        return True

    async def _make_feed(self) -> Feed:
        settings, venue = self._settings, self._venue
        published = await self._output.read_published(self._source, self._changes.symbols, not venue.trade_ids_contiguous)
        log.info("resuming", trades={symbol: known.newest_id for symbol, known in published.trades.items()})
        process = f"ingest-{self._name}"
        kill_points = KillPoints(process, settings.faults.kill_at, settings.data_dir / "run")
        self._publisher = EventPublisher(
            self._output.publisher(),
            self._source,
            self.stage,
            settings.kafka.partitions,
            trade_ids_contiguous=venue.trade_ids_contiguous,
            kill_points=kill_points,
        )
        self._publisher.priority = self._changes.priority
        self._books = BookDesk(self._source, venue.book_rules(), settings.ingest, self._publisher.order_book)
        return Feed(
            self._source,
            self._publisher,
            TradeFiller(History() if self._played else venue.history(self._names), self._source, settings.ingest.gap_fill_max_trades),
            self._books,
            settings.ingest,
            self._clock,
            published=published,
            max_frame_bytes=venue.settings.max_frame_bytes,
            limit_name=f"{venue.section}.max_frame_bytes",
            process=process,
            kill_points=kill_points,
            on_control=self._on_control,
            on_progress=self._health.tick,
            capture_clock=self._capture_clock,
            quotes_numbered=venue.quotes_numbered,
        )

    def _on_control(self, lane: Lane, event: object) -> None:
        """The provider talks: to the conversation that the frame belongs to."""
        shard = next(shard for shard in self.lanes if shard.lane is lane)
        shard.connector.heard()
        if lane.conversation:
            lane.conversation.hear(event)
        if isinstance(event, Denied):
            _end_if_ours(self._name, lane, event)
        elif isinstance(event, Refused):
            log.warning("subscription_refused", key=event.key, detail=event.detail)
        elif isinstance(event, Leaving):
            log.info("provider_leaves")
            self.lanes.renew(shard)
        elif isinstance(event, Lost):
            log.warning("messages_lost", detail=event.detail)
            shard.connector.drop()
        shard.connector.speak()

    async def _move_frames(self, feed: Feed) -> None:
        self.feed = feed
        self.lanes.start(self._changes.symbols)
        feed.carry(shard.lane for shard in self.lanes)
        self._start_helpers(feed)
        self._capture = self._open_capture()
        try:
            while not self._stopping.is_set():
                await self._wake.wait()
                await self.lanes.check()
                self._helpers.check()
                if self.lanes.backlog() < self._settings.ingest.flush_ticks:
                    await asyncio.sleep(self._settings.ingest.flush_interval_s)  # what comes meanwhile shares the envelope
                await self._turn(feed)
            await self.lanes.stop()
            while self.lanes.backlog():
                await self._turn(feed)
            feed.finish(self._clock.now_ns())
            await asyncio.to_thread(self._publisher.close)
        finally:
            self.lanes.cancel()
            if self._capture:
                await asyncio.to_thread(self._capture.close)
            self._helpers.cancel()

    def _start_helpers(self, feed: Feed) -> None:
        wake, interval_s = self._wake, self._settings.ingest.watermark_interval_s
        self._helpers.start((lambda: wake_regularly(wake, interval_s), lambda: self._kafka.run(self._publisher)))
        if not self._played:
            history = self._venue.history(self._names)
            fetcher = SnapshotFetcher(self._books, history, self._clock, feed.now_ns, feed.asks_for_trades)
            resubscriber = BookResubscriber(self._books, self.lanes.ask_book, self._clock)
            self._helpers.start((self._follow_changes, fetcher.run, resubscriber.run))

    @property
    def _capture_clock(self) -> bool:
        return bool(self._played) or self._venue.settings.clock == "capture"

    def _open_capture(self) -> RawCapture | None:
        ingest = self._settings.ingest
        if not ingest.capture or self._played:
            return None
        folder = self._settings.data_dir / "capture" / self._source
        head = Head(self._name, self._source, dict(self._names))
        return RawCapture(folder, head, self._clock, ingest.capture_file_mb * 1024 * 1024, ingest.capture_keep_files)

    async def _turn(self, feed: Feed) -> None:
        """One batch of each lane."""
        self._wake.clear()
        self.lanes.step(feed)
        if self._change and not self.lanes.changing():
            self._apply(feed, self._change)
        idle = not self.lanes.backlog()
        for shard in self.lanes:
            if idle or len(shard.lane.queue):
                await self._batch(feed, shard)
        if feed.must_settle():
            await feed.settle()
        if idle and not self._capture_clock and self.lanes.connected():
            feed.idle(self._clock.now_ns())
        self._queue_frames.set(self.lanes.backlog())
        self._connected.set(not self.lanes.problem())
        if self.lanes.backlog():
            self._wake.set()

    async def _batch(self, feed: Feed, shard: Shard) -> None:
        frames = shard.lane.queue.take(_BATCH_FRAMES, _BATCH_BYTES)
        lane = shard.lane
        if self._capture and frames and not lane.standby:
            self._capture.write(lane.number, frames)
        if feed.listen(lane, frames) if lane.standby else await feed.handle(lane, frames, self.lanes.backlog()):
            shard.connector.data_seen(len(frames))
        self._health.tick()
        while self._publisher.congested():
            self._relieve(shard)
            self._health.tick()
            await asyncio.sleep(_CONGESTED_WAIT_S)
            self._publisher.poll()
        await asyncio.sleep(0)  # the sockets' turn

    def _relieve(self, shard: Shard) -> None:
        """The broker does not keep up. Once the queue is full too, quotes that a newer one has overtaken are left out: trades never are."""
        if self._settings.ingest.conflate_quotes:
            metrics.DROPPED.labels(self.stage, Reason.CONFLATED).inc(shard.lane.queue.conflate(self._venue.newest_only))

    async def _follow_changes(self) -> None:
        """Symbols that are added and removed at run time."""
        while True:
            await asyncio.sleep(_FOLLOW_S)
            if self._change is None:
                self._change = await self._changes.next()
            self._publisher.priority = self._changes.priority

    def _apply(self, feed: Feed, change: Change) -> None:
        self._change = None
        feed.add(change.new, change.published)
        self.lanes.add(change.new)
        feed.carry(shard.lane for shard in self.lanes if not shard.lane.standby)
        feed.drop(self.lanes.remove(change.gone))
        feed.forget(change.gone)
        log.info("symbols_changed", added=sorted(change.new), removed=sorted(change.gone))

    def _check_connection(self) -> str:
        return self.lanes.problem() if self._changes.enabled else ""

    def _check_data(self) -> str:
        if not self._changes.enabled:
            return ""
        age_s, limit_s = self.lanes.data_age_s(), self._settings.health.max_data_age_s
        if age_s is None:
            return "no data yet"
        return "" if age_s <= limit_s else f"no data for {age_s:.0f} s"

    def _check_subscriptions(self) -> str:
        refused = sorted(self.lanes.refused())
        return f"refused: {', '.join(refused[:5])}" if refused else ""


def _end_if_ours(name: str, lane: Lane, denied: Denied) -> None:
    """Raises UserError, but for a capture: who recorded it had that trouble."""
    if lane.conversation and lane.conversation.session.key_setting:
        raise UserError(f"{name} refuses the key: {denied.detail}; check {lane.conversation.session.key_setting}")


def _market_open(clock: Clock, asset_classes: Mapping[str, AssetClass], symbols: Collection[str]) -> bool:
    """Some of them trade now: crypto always does."""
    now_ns = clock.now_ns()
    return any(calendar_of(asset_class_of(symbol, asset_classes)).is_open(now_ns) for symbol in symbols)
