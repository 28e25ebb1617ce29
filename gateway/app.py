"""The gateway process: reader thread -> feed -> hub -> sessions, with health beside it."""

import asyncio
import os
import signal

import uvloop

from gateway.access.control import AccessControl
from gateway.access.member import Member
from gateway.access.shared import limits_of
from gateway.backfill import KafkaBackfill
from gateway.broker import Broker, TopicState
from gateway.catchup import CatchUp
from gateway.connection import Connection
from gateway.feed import STAGE, Feed
from gateway.flusher import Flusher
from gateway.hub import Hub
from gateway.reader import Reader
from gateway.recent import Recent
from gateway.series import TRAITS
from gateway.server import GatewayServer
from gateway.services import Services
from gateway.session import Session
from gateway.snapshots import Snapshots
from gateway.views import Listing
from runtime import garbage, metrics
from runtime.addresses import kafka_address
from runtime.clock import Clock, SystemClock
from runtime.errors import FatalError, TransientError, UserError
from runtime.faults import KillPoints
from runtime.health import Health, HealthServer
from runtime.logs import configure, get_logger
from runtime.process import run_process
from runtime.settings import Settings
from runtime.stage import InputRecord
from schemas.topics import Topic

_WATCH_EVERY_S = 2.0
_TICK_EVERY_S = 1.0
logger = get_logger()


def run(settings: Settings, instance: int = 0) -> int:
    """Runs until SIGTERM or SIGINT; returns the exit code. Raises UserError for what the user can mend.

    instance: 0 to n - 1 of n processes on one port.
    """
    name = process_name(settings, instance)
    configure(settings.log, name)
    return run_process(lambda: uvloop.run(_Gateway(settings, SystemClock(), name).run()))


def process_name(settings: Settings, instance: int) -> str:
    """Raises UserError if the settings have no such process."""
    processes, port = settings.gateway.processes, settings.gateway.port
    if instance >= processes:
        raise UserError(f"--instance {instance} is none of {processes}: raise gateway.processes, or count from 0")
    if processes > 1 and not port:
        raise UserError("gateway.processes needs a gateway.port: with port 0 each process would take another one")
    return STAGE if instance == 0 else f"{STAGE}-{instance}"


class _Gateway:
    """All parts of the process, put together."""

    def __init__(self, settings: Settings, clock: Clock, name: str) -> None:
        self._settings = settings
        self._name = name
        self._clock = clock
        bootstrap = kafka_address(settings)
        self._hub = Hub(settings.gateway.snapshot_bars, clock)
        recent = Recent(settings.kafka.partitions, settings.gateway.resume_memory_mb * 1024 * 1024)
        self._feed = Feed(self._hub, recent, clock, KillPoints(STAGE, settings.faults.kill_at, settings.data_dir / "run"))
        self._flusher = Flusher(self._feed, self._hub, clock, settings.gateway.batch_window_ms / 1000, self._end)
        self._backfill = KafkaBackfill(settings, bootstrap, recent, clock)
        self._loaded = asyncio.Event()
        catch_up = CatchUp(self._hub, recent, self._backfill, settings.kafka.partitions)
        listing = Listing(self._hub.views, clock)
        self._services = Services(self._hub, self._feed, Snapshots(self._hub), catch_up, self._loaded, clock, settings.gateway, listing)
        self._broker = Broker(settings.kafka, bootstrap)
        self._reader = Reader(settings, bootstrap, self._broker, clock, self._deliver, self._hub.wants_records)
        self._limits = limits_of(settings, clock)
        control = AccessControl(settings.gateway.access, clock, self._limits)
        self._server = GatewayServer(settings.gateway, control, clock, self._new_session)
        self._topics: dict[Topic, TopicState] = {}
        self._kafka_problem = "Kafka has not answered yet"
        self._is_draining = False

    async def run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        health = self._health()
        health_server = HealthServer(health, self._settings, os.getpid())
        address = await self._server.start()
        health_server.start(gateway=address)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._end, None)
        self._start_reader()
        garbage.settle()
        logger.info("gateway_started", address=address)
        works = (self._watch(), self._tick(health), self._limits.run(), self._server.keep_beating())
        tasks = [asyncio.create_task(work) for work in works]
        drain_s = 0.0
        try:
            await self._ended
            drain_s = self._settings.gateway.drain_s  # after an error the streams may have holes: no time to lose
        finally:
            self._is_draining = True
            await self._server.stop(drain_s)
            for task in tasks:
                task.cancel()
            await self._limits.stop()
            await asyncio.to_thread(self._reader.stop)
            await asyncio.to_thread(self._backfill.close)
            health_server.stop()
            logger.info("gateway_stopped")

    def _new_session(self, connection: Connection, member: Member) -> Session:
        return Session(connection, member, self._services)

    def _start_reader(self) -> None:
        later = self._loop.call_soon_threadsafe
        self._reader.on_assigned = lambda topics: (later(self._set_topics, topics), None)[1]
        self._reader.on_loaded = lambda: (later(self._loaded.set), None)[1]
        self._reader.on_failure = lambda error: (later(self._end, error), None)[1]
        self._reader.start()

    def _deliver(self, records: list[InputRecord]) -> None:
        """On the reader's thread."""
        self._loop.call_soon_threadsafe(self._handle, records, self._clock.now_ns())

    def _handle(self, records: list[InputRecord], read_ns: int) -> None:
        try:
            self._feed.publish(records)
            self._flusher.flush_soon()
        except Exception as error:  # a bug: without this the loop would log it and go on with a hole in every stream
            self._end(error)
        self._measure_hops(records[-1], read_ns)
        self._reader.slice_done()

    def _measure_hops(self, newest: InputRecord, read_ns: int) -> None:
        if newest.timestamp_ms:
            metrics.HOP_SECONDS.labels("kafka").observe(max(0.0, read_ns / 1e9 - newest.timestamp_ms / 1e3))
        metrics.HOP_SECONDS.labels("gateway").observe(max(0, self._clock.now_ns() - read_ns) / 1e9)

    def _set_topics(self, topics: dict[Topic, TopicState]) -> None:
        self._topics = topics
        for channel, traits in TRAITS.items():
            self._hub.epochs[channel] = topics[traits.topic].topic_id

    def _end(self, error: BaseException | None) -> None:
        if self._ended.done():
            return
        if error is None:
            self._ended.set_result(None)
        else:
            self._ended.set_exception(error)

    async def _watch(self) -> None:
        """Asks Kafka every few seconds; clients are told when it goes and comes."""
        while True:
            try:
                topics = await asyncio.to_thread(self._broker.topics)
                self._refuse_changed(topics)
                self._kafka_problem = ""
            except TransientError as error:
                self._kafka_problem = str(error)
            self._server.set_kafka("down" if self._kafka_problem else "up")
            metrics.PART_UP.labels(STAGE, "kafka").set(0 if self._kafka_problem else 1)
            await asyncio.sleep(_WATCH_EVERY_S)

    def _refuse_changed(self, topics: dict[Topic, TopicState]) -> None:
        """Positions of a topic that was deleted and made again mean nothing; a new process starts with the new ones."""
        if any(topics[topic].is_other_than(known) for topic, known in self._topics.items()):
            self._end(FatalError("a topic was made anew or got more partitions; the gateway has to start again"))

    async def _tick(self, health: Health) -> None:
        while True:
            health.tick()
            self._server.measure()
            await asyncio.sleep(_TICK_EVERY_S)

    def _health(self) -> Health:
        limit = self._settings.health.max_lag_records
        health = Health(self._name, self._clock)
        health.add_check("kafka", lambda: self._kafka_problem)
        health.add_check("draining", lambda: "clients are being told to reconnect" if self._is_draining else "")
        health.add_check("assignment", lambda: self._reader.problem)
        health.add_check("history", lambda: "" if self._loaded.is_set() else "the ends of the topics are not read yet")
        health.add_check("lag", lambda: f"{self._reader.lag_records} records behind" if self._reader.lag_records > limit else "")
        return health
