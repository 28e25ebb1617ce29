"""Runs one worker process of a stage, from the checks at start to the final commit."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

import uvloop

from runtime import garbage, logs, metrics
from runtime.addresses import kafka_address
from runtime.clock import Clock, SystemClock
from runtime.faults import KillPoints
from runtime.faust_stage.app import StageApp, build_app
from runtime.faust_stage.exits import stop_loudly
from runtime.faust_stage.quiet import quieten
from runtime.faust_stage.spec import StageSpec
from runtime.faust_stage.stage import Stage
from runtime.faust_stage.topic_check import check_topics
from runtime.faust_stage.watchdog import Moving, Watchdog
from runtime.health import Health, HealthServer
from runtime.settings import Settings

_TICK_S = 0.5
_STOP_TIMEOUT_S = 15.0  # below the supervisor's 20 s, after which it kills


def run(spec: StageSpec, settings: Settings, instance: int) -> None:
    """See runtime.faust_stage.run_stage."""
    process = spec.process if instance == 0 else f"{spec.process}-{instance}"
    logs.configure(settings.log, process)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))  # nothing to end in order yet
    clock, bootstrap = SystemClock(), kafka_address(settings)
    quieten(clock)
    health = Health(process, clock)
    health.add_check("kafka", lambda: "not asked yet")
    server = HealthServer(health, settings, os.getpid())
    server.start()
    check_topics(spec, settings.kafka, bootstrap)
    worker = Worker(spec, settings, bootstrap, instance, process, health, clock)
    garbage.settle()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(worker.main())
    server.stop()


class Worker:
    """One process's Faust app and what watches it."""

    def __init__(
        self, spec: StageSpec, settings: Settings, bootstrap: str, instance: int, process: str, health: Health, clock: Clock
    ) -> None:
        self._spec = spec
        self._settings = settings
        self._bootstrap = bootstrap
        self._instance = instance
        self._process = process
        self._health = health
        self._clock = clock
        self._log = logs.get_logger()
        self._positions: dict[str, tuple[int, int]] = {}  # partition -> (next offset, lag)
        self._commits = Moving(0, False)
        self._ticks = 0

    async def main(self) -> None:
        """Until a signal; then a final commit."""
        stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
        kill_points = KillPoints(self._process, self._settings.faults.kill_at, self._settings.data_dir / "run")
        self._stage = Stage(self._spec, self._settings, self._bootstrap, kill_points, self._clock)
        self._app = self._build()
        timeout_s = self._settings.process.stall_timeout_s
        watchdog = Watchdog(self._spec.name, timeout_s, self._clock, self._moving, self._stage.store.answers, self._stage.busy_s)
        self._add_checks(watchdog)
        watchdog.start()
        beside = [asyncio.create_task(self._tick())]
        if self._spec.ephemeral:
            beside.append(asyncio.create_task(self._stage.show()))
        starting = asyncio.create_task(self._start())
        await stopped.wait()
        watchdog.stop()
        await self._stop(starting)
        for task in beside:
            task.cancel()

    def _build(self) -> StageApp:
        app = build_app(self._spec, self._settings.kafka, self._bootstrap, self._instance, self._stage)
        source = app.topic(*(self._stage.physical(topic) for topic in self._spec.inputs), key_serializer="raw", value_serializer="raw")

        async def apply(stream: Any) -> None:
            async for event in stream.events():
                if event.message.generation_id == app.consumer_generation_id:
                    await self._stage.process(event.message.topic, event.message.partition, event.value)

        async def restore(*_: object, **__: object) -> None:
            await self._stage.restore({tp.partition for tp in app.consumer.assignment()})

        async def drop(*_: object, **__: object) -> None:
            self._stage.drop()

        app.agent(source, concurrency=1)(apply)
        app.on_partitions_revoked.connect(drop, weak=False)
        app.on_rebalance_complete.connect(restore, weak=False)
        return app

    async def _start(self) -> None:
        try:
            await self._app.start()
            self._log.info("stage_started", inputs=[topic.value for topic in self._spec.inputs])
        except asyncio.CancelledError:
            raise
        except Exception as error:
            stop_loudly("stage_not_started", error)

    async def _stop(self, starting: asyncio.Task[None]) -> None:
        """Faust stops from the agents to the consumer, which commits through the gate."""
        try:
            async with asyncio.timeout(_STOP_TIMEOUT_S):
                await self._app.stop()
        except TimeoutError as error:
            stop_loudly("stop_timed_out", error)
        starting.cancel()
        self._log.info("stage_stopped")

    async def _tick(self) -> None:
        """The loop's sign of life, and the figures that the other threads read."""
        while True:
            self._health.tick()
            self._ticks += 1
            self._positions = self._measure()
            states = list(self._stage.partitions)
            self._commits = Moving(sum(state.version for state in states), any(state.is_dirty for state in states))
            await asyncio.sleep(_TICK_S)

    def _measure(self) -> dict[str, tuple[int, int]]:
        positions = {}
        for state in self._stage.partitions if self._stage.is_restored else ():
            for topic, next_offset in state.next_offsets.items():
                end = self._app.consumer.end_of(self._stage.physical(topic), state.partition)
                lag = max(0, end - next_offset)
                metrics.LAG.labels(self._spec.name, topic.value, str(state.partition)).set(lag)
                positions[f"{topic.value}/{state.partition}"] = (next_offset, lag)
        return positions

    def _moving(self) -> Mapping[str, Moving]:
        """For the watchdog, on its thread: the loop must tick, a rebalance must end, what was applied must be committed, a partition with lag must move."""
        partitions = {name: Moving(offset, lag > 0, takes_turns=True) for name, (offset, lag) in self._positions.items()}
        rebalance = Moving(self._app.rebalancing_count, self._app.rebalancing)
        return {"event loop": Moving(self._ticks, True), "rebalance": rebalance, "commit": self._commits, **partitions}

    def _add_checks(self, watchdog: Watchdog) -> None:
        max_lag = self._settings.health.max_lag_records
        self._health.add_check("kafka", lambda: "" if watchdog.kafka_up else f"no answer from {self._bootstrap}")
        self._health.add_check("partitions", lambda: "" if self._stage.is_restored else "not assigned and restored")

        def lag() -> str:
            records = sum(lag for _, lag in self._positions.values())
            return "" if records <= max_lag else f"{records} records behind, more than {max_lag}"

        self._health.add_check("lag", lag)
