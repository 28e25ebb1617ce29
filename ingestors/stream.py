"""The ingestor of a streaming provider: builds the parts and moves frames from the queues to Kafka until it is told to stop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from ingestors.books.fetcher import SnapshotFetcher
from ingestors.books.resubscriber import BookResubscriber
from ingestors.congestion import Congestion
from ingestors.control_events import ControlEvents
from ingestors.feed import Feed
from ingestors.flush_pace import FlushPace
from ingestors.frame_pump import FramePump
from ingestors.helpers import Helpers, KafkaCheck, wake_regularly
from ingestors.history import History
from ingestors.lanes import Lanes
from ingestors.market_hours import market_open
from ingestors.names import Names
from ingestors.output import KafkaOutput, Output
from ingestors.persistence import persistently
from ingestors.played_lanes import PlayedLanes
from ingestors.process_shard import ProcessShard
from ingestors.publisher import EventPublisher
from ingestors.raw_capture import Head, RawCapture, head_of, merged_names
from ingestors.shard_opener import Limits
from ingestors.stream_parts import StreamParts, stream_parts
from ingestors.symbol_changes import SymbolChanges
from ingestors.symbol_follower import SymbolFollower, change_connections
from ingestors.venue import Venue
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.health import Health
from runtime.settings import Settings

log = structlog.get_logger()

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
        self._changes = SymbolChanges(venue, self._output, self._source, self._names, clock, ProcessShard(settings.kafka.partitions))
        limits = Limits(
            settings.ingest.queue_frames,
            settings.ingest.queue_mb * 1024 * 1024,
            venue.settings.max_frame_bytes,
            settings.ingest.silence_timeout_s,
            venue.settings.symbols_per_connection,
        )
        is_open = partial(market_open, clock, settings.process.asset_classes)
        self.lanes: Lanes = Lanes(self._source, lambda: venue.session(self._names), limits, clock, self._wake, is_open, venue.group)
        self.feed: Feed | None = None
        self._limits = limits
        self._played: Sequence[Path] = ()
        self._helpers = Helpers(self._wake)
        self._kafka = KafkaCheck(self._output, self.stage)
        self._connected = metrics.CONNECTED.labels(self._source)
        self._queue_frames = metrics.QUEUE_FRAMES.labels(self._source)
        health.add_check("connection", self._check_connection)
        health.add_check("data", self._check_data)
        health.add_check("subscriptions", self._check_subscriptions)
        health.add_check("kafka", self._kafka.problem)

    def take_shard(self, shard: ProcessShard) -> None:
        """Before `run`: other processes carry the rest of the symbols."""
        self._changes.shard = shard

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
            parts = await self._persistently("kafka", self._make_parts) if await self._know_symbols() else None
            if parts:
                await self._move_frames(parts)
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

    async def _make_parts(self) -> StreamParts:
        venue = self._venue
        published = await self._output.read_published(self._source, self._changes.symbols, not venue.trade_ids_contiguous)
        log.info("resuming", trades={symbol: known.newest_id for symbol, known in published.trades.items()})
        parts = stream_parts(
            self._name,
            venue,
            self._settings,
            self._clock,
            self._output.publisher(),
            published,
            History() if self._played else venue.history(self._names),
            on_control=ControlEvents(self._name, self.lanes).hear,
            on_progress=self._health.tick,
            capture_clock=self._capture_clock,
            shard=self._changes.shard,
        )
        parts.publisher.priority = self._changes.priority
        return parts

    async def _move_frames(self, parts: StreamParts) -> None:
        self.feed = feed = parts.feed
        self.lanes.start(self._changes.symbols)
        feed.carry(shard.lane for shard in self.lanes)
        follower = SymbolFollower(self._changes, parts.publisher, partial(change_connections, self.lanes, feed), self.lanes.changing)
        self._start_helpers(parts, follower)
        capture = self._open_capture()
        pump = FramePump(feed, self.lanes, self._congestion(parts.publisher), capture, self._health.tick)
        pace = FlushPace(self._settings.ingest.flush_interval_s, self._settings.ingest.flush_most_s)
        try:
            while not self._stopping.is_set():
                await self._wake.wait()
                await self.lanes.check()
                self._helpers.check()
                if self.lanes.backlog() < self._settings.ingest.flush_ticks:
                    await asyncio.sleep(pace.wait_s)  # what comes meanwhile shares the envelope
                pace.take(self.lanes.backlog(), self._clock.monotonic_s())
                await self._turn(feed, pump, follower)
            await self.lanes.stop()
            while self.lanes.backlog():
                await self._turn(feed, pump, follower)
            feed.finish(self._clock.now_ns())
            await asyncio.to_thread(parts.publisher.close)
        finally:
            self.lanes.cancel()
            if capture:
                await asyncio.to_thread(capture.close)
            self._helpers.cancel()

    def _congestion(self, publisher: EventPublisher) -> Congestion:
        newest_only = self._venue.newest_only if self._settings.ingest.conflate_quotes else None
        return Congestion(publisher, self.stage, newest_only, self._health.tick)

    def _start_helpers(self, parts: StreamParts, follower: SymbolFollower) -> None:
        wake, interval_s, feed = self._wake, self._settings.ingest.watermark_interval_s, parts.feed
        self._helpers.start((lambda: wake_regularly(wake, interval_s), lambda: self._kafka.run(parts.publisher)))
        if not self._played:
            history = self._venue.history(self._names)
            fetcher = SnapshotFetcher(parts.books, history, self._clock, feed.now_ns, feed.asks_for_trades)
            resubscriber = BookResubscriber(parts.books, self.lanes.ask_book, self._clock)
            self._helpers.start((follower.run, fetcher.run, resubscriber.run))

    @property
    def _capture_clock(self) -> bool:
        return bool(self._played) or self._venue.settings.clock == "capture"

    def _open_capture(self) -> RawCapture | None:
        ingest = self._settings.ingest
        if not ingest.capture or self._played:
            return None
        shard = self._changes.shard
        folder = self._settings.data_dir / "capture" / shard.named(self._source)
        head = Head(self._name, self._source, dict(self._names), part="" if shard.whole else str(shard))
        return RawCapture(folder, head, self._clock, ingest.capture_file_mb * 1024 * 1024, ingest.capture_keep_files)

    async def _turn(self, feed: Feed, pump: FramePump, follower: SymbolFollower) -> None:
        """One batch of each lane, between what changes the lanes and what is told while none has anything."""
        self._wake.clear()
        self.lanes.step(feed)
        follower.make_change()
        was_idle = await pump.turn()
        if was_idle and not self._capture_clock:
            self._pass_time(feed)
        self._queue_frames.set(self.lanes.backlog())
        self._connected.set(not self.lanes.problem())
        if self.lanes.backlog():
            self._wake.set()

    def _pass_time(self, feed: Feed) -> None:
        """Nothing came, and nothing was to come or could have."""
        if self._changes.empty:
            feed.idle(self._clock.now_ns(), from_the_start=True)
        elif self.lanes.connected():
            feed.idle(self._clock.now_ns())

    def _check_connection(self) -> str:
        return "" if self._changes.idle else self.lanes.problem()

    def _check_data(self) -> str:
        if self._changes.idle:
            return ""
        age_s, limit_s = self.lanes.data_age_s(), self._settings.health.max_data_age_s
        if age_s is None:
            return "no data yet"
        return "" if age_s <= limit_s else f"no data for {age_s:.0f} s"

    def _check_subscriptions(self) -> str:
        refused = sorted(self.lanes.refused())
        return f"refused: {', '.join(refused[:5])}" if refused else ""
