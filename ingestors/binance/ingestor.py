"""The Binance ingestor: builds the parts and moves frames from the queue to Kafka until it is told to stop."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from ingestors.binance.client import BinanceClient, BinanceHistory
from ingestors.binance.config import PROCESS, STAGE, Subscription, subscribe
from ingestors.binance.parse import Control, Parser, quote_stream
from ingestors.connection import Backoff, Connector
from ingestors.feed import Feed
from ingestors.frame_queue import FrameQueue
from ingestors.gap_fill import TradeFiller
from ingestors.publisher import EventPublisher
from ingestors.resume import read_published
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import FatalError, TransientError
from runtime.faults import KillPoints
from runtime.health import Health
from runtime.kafka import Publisher
from runtime.settings import Settings
from schemas.reasons import Reason

log = structlog.get_logger()

_BATCH_FRAMES = 2_000  # a few ms of work: then the socket is read again
_BATCH_BYTES = 16 * 1024 * 1024  # what one batch may add to the producer's queue, about
_CONGESTED_WAIT_S = 0.02
_ASK_KAFKA_S = 3.0
_KAFKA_TIMEOUT_S = 2.0
T = TypeVar("T")


class BinanceIngestor:
    """One process, one connection. `run` returns after `stop` with everything delivered.

    Raises UserError (a symbol the venue does not list), FatalError (a record was not delivered); the outside world being away is waited for.
    """

    def __init__(self, settings: Settings, bootstrap: str, clock: Clock, health: Health) -> None:
        self._settings = settings
        self._bootstrap = bootstrap
        self._clock = clock
        self._health = health
        self._source = settings.binance.source
        self._stopping = asyncio.Event()
        self._queue = FrameQueue(settings.ingest.queue_frames)
        self._client = BinanceClient(settings.binance.rest_url, STAGE)
        self._connector: Connector | None = None
        self._fed: Feed | None = None
        self._kafka_up = False
        self._connected = metrics.CONNECTED.labels(self._source)
        self._queue_frames = metrics.QUEUE_FRAMES.labels(self._source)
        health.add_check("connection", self._check_connection)
        health.add_check("data", self._check_data)
        health.add_check("kafka", lambda: "" if self._kafka_up else "no answer")

    def stop(self) -> None:
        """Ends `run`: closes the socket, publishes what was received, writes a last watermark. May be called from a signal handler."""
        self._stopping.set()
        self._queue.wake()
        if self._fed:
            self._fed.stop_asking()

    async def run(self) -> None:
        """Until `stop`."""
        try:
            subscription = await self._persistently("exchangeInfo", self._subscribe)
            feed = await self._persistently("kafka", lambda: self._feed(subscription)) if subscription else None
            if feed and subscription:
                await self._move_frames(feed, self._connect(subscription))
        finally:
            await self._client.close()

    async def _persistently(self, part: str, attempt: Callable[[], Awaitable[T]]) -> T | None:
        """The outcome of `attempt`, repeated while the world is in the way; None if told to stop meanwhile."""
        backoff = Backoff(0.2, 5.0)
        while not self._stopping.is_set():
            try:
                result = await attempt()
                metrics.PART_UP.labels(STAGE, part).set(1)
                return result
            except TransientError as error:
                metrics.PART_UP.labels(STAGE, part).set(0)
                log.warning("not_started_yet", part=part, error=str(error))
                self._health.tick()
                await asyncio.wait([asyncio.ensure_future(self._stopping.wait())], timeout=0.1 + backoff.next_s())
        return None

    async def _subscribe(self) -> Subscription:
        return subscribe(self._settings.binance, await self._client.symbols())

    async def _feed(self, subscription: Subscription) -> Feed:
        settings, source = self._settings, self._source
        published = await asyncio.to_thread(read_published, settings.kafka, self._bootstrap, source, subscription.venue_symbols)
        log.info("resuming", trades={symbol: known.newest_id for symbol, known in published.trades.items()})
        kill_points = KillPoints(PROCESS, settings.faults.kill_at, settings.data_dir / "run")
        publisher = EventPublisher(
            Publisher(settings.kafka, self._bootstrap),
            source,
            STAGE,
            settings.kafka.partitions,
            trade_ids_contiguous=True,
            kill_points=kill_points,
        )
        self._publisher = publisher
        return Feed(
            source,
            Parser(subscription.canonical(), source, settings.binance.clock == "capture").parse,
            publisher,
            TradeFiller(BinanceHistory(self._client, subscription.venue_symbols), source, settings.ingest.gap_fill_max_trades),
            settings.ingest,
            self._clock,
            published=published,
            max_frame_bytes=settings.binance.max_frame_bytes,
            limit_name="binance.max_frame_bytes",
            process=PROCESS,
            kill_points=kill_points,
            on_control=self._on_control,
            on_progress=self._health.tick,
            capture_clock=settings.binance.clock == "capture",
        )

    def _on_control(self, event: object) -> None:
        """A server that will shut down is left at once."""
        if event is Control.SHUTDOWN and self._connector:
            log.info("server_shutdown_announced")
            self._connector.drop()

    def _connect(self, subscription: Subscription) -> Connector:
        settings = self._settings
        self._connector = Connector(
            lambda: settings.binance.websocket_url.rstrip("/") + subscription.path,
            self._queue,
            self._clock,
            max_size=16 * settings.binance.max_frame_bytes,
            silence_timeout_s=settings.ingest.silence_timeout_s,
        )
        return self._connector

    async def _move_frames(self, feed: Feed, connector: Connector) -> None:
        self._fed = feed
        connecting = asyncio.ensure_future(connector.run())
        connecting.add_done_callback(lambda _: self._queue.wake())
        helpers = [asyncio.ensure_future(self._wake_regularly()), asyncio.ensure_future(self._ask_kafka())]
        try:
            while not self._stopping.is_set():
                await self._queue.wait()
                if connecting.done():
                    await connecting
                    raise FatalError("the connector ended without being told to")
                if len(self._queue) < self._settings.ingest.flush_ticks:
                    await asyncio.sleep(self._settings.ingest.flush_interval_s)  # what comes meanwhile shares the envelope
                await self._batch(feed, connector)
            connector.stop()
            await connecting
            while len(self._queue):
                await self._batch(feed, connector)
            feed.write_watermark(self._clock.now_ns())
            await asyncio.to_thread(self._publisher.close)
        finally:
            for task in (connecting, *helpers):
                task.cancel()

    async def _batch(self, feed: Feed, connector: Connector) -> None:
        frames = self._queue.take(_BATCH_FRAMES, _BATCH_BYTES)
        self._queue_frames.set(len(self._queue))
        self._connected.set(connector.connected)
        if await feed.handle(frames, len(self._queue)):
            connector.data_seen()
        if feed.must_settle():
            await feed.settle()
        if not frames and self._settings.binance.clock == "system" and connector.connected:
            feed.idle(self._clock.now_ns())
        self._health.tick()
        while self._publisher.congested():
            self._relieve()
            self._health.tick()
            await asyncio.sleep(_CONGESTED_WAIT_S)
            self._publisher.poll()
        await asyncio.sleep(0)  # the socket's turn

    def _relieve(self) -> None:
        """The broker does not keep up. Once the queue is full too, quotes that a newer one has overtaken are left out: trades never are."""
        if self._settings.ingest.conflate_quotes:
            metrics.DROPPED.labels(STAGE, Reason.CONFLATED).inc(self._queue.conflate(quote_stream))

    async def _wake_regularly(self) -> None:
        """Watermarks, health and settling go on while nothing comes."""
        while True:
            await asyncio.sleep(self._settings.ingest.watermark_interval_s)
            self._queue.wake()

    async def _ask_kafka(self) -> None:
        """Whether a broker answers, for /ready: without one the socket's data goes nowhere."""
        part_up = metrics.PART_UP.labels(STAGE, "kafka")
        while True:
            self._kafka_up = await asyncio.to_thread(self._publisher.answers, _KAFKA_TIMEOUT_S)
            part_up.set(self._kafka_up)
            await asyncio.sleep(_ASK_KAFKA_S)

    def _check_connection(self) -> str:
        return "" if self._connector and self._connector.connected else "not connected"

    def _check_data(self) -> str:
        if not self._connector:
            return "no data yet"
        age_s, limit_s = self._connector.data_age_s(), self._settings.health.max_data_age_s
        return "" if age_s <= limit_s else f"no data for {age_s:.0f} s"
