"""The runner of the schedule on a real PostgreSQL, with a clock that is turned by hand and commands that are only noted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from runtime.clock import ManualClock
from runtime.health import Health
from runtime.settings import Settings, load_settings
from tests.support import eventually_async
from tickerplant.schedule import runner as shell
from tickerplant.schedule.command import Ended
from tickerplant.schedule.jobs import Words
from tickerplant.schedule.perform import Performer
from tickerplant.schedule.runner import Runner
from tickerplant.schedule.store import Run, Store

pytestmark = pytest.mark.stack
ORDERS = [{"provider": "binance", "symbols": ["BTC-USDT"], "timeframe": "1m"}]


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


class World:
    """One database, one clock, and what commands were started; `ends` says how the next ones end, 0 when it is empty."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = ManualClock(ns("2024-08-08T23:00"))
        self.started: list[Words] = []
        self.ends: list[int] = []
        self.held: asyncio.Event | None = None

    def settings(self, **schedule: Any) -> Settings:
        jobs = {"cleanup": "", "repair": ""} | schedule.pop("jobs", {})
        return load_settings(schedule={"backfills": ORDERS, "jobs": jobs, "retry_after_s": 0, **schedule})

    async def start(self, words: Words) -> Ended:
        self.started.append(words)
        if self.held is not None:
            await self.held.wait()
        code = self.ends.pop(0) if self.ends else 0
        return Ended(code, f"said {code}")

    @asynccontextmanager
    async def running(self, **schedule: Any) -> AsyncIterator[Runner]:
        settings = self.settings(**schedule)
        performer = Performer(settings, self.url, self.clock, {}, self.start)
        runner = Runner(settings, self.url, self.clock, Health("schedule", self.clock), performer)
        task = asyncio.ensure_future(runner.run())
        try:
            yield runner
        finally:
            runner.stop()
            await asyncio.wait_for(task, 60)

    def runs(self) -> list[Run]:
        """The newest first."""
        store = Store(self.url)
        try:
            return store.runs()
        finally:
            store.close()

    def states(self) -> list[tuple[str, str]]:
        """Oldest first: cause and state."""
        return [(run.cause, run.state) for run in reversed(self.runs())]

    async def known(self) -> None:
        """The job's next time stands in the database."""
        await eventually_async(lambda: self.ask(Store.next_times))

    def ask(self, question: Callable[[Store], Any]) -> Any:
        store = Store(self.url)
        try:
            return question(store)
        finally:
            store.close()


@pytest.fixture
def world(line: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(shell, "STEP_S", 0.02)
    monkeypatch.setattr(shell, "STANDBY_S", 0.05)
    return World(line.settings.postgres.url.get_secret_value())


async def test_a_job_runs_at_its_time_and_once(world: World) -> None:
    async with world.running():
        await world.known()
        assert world.started == []
        world.clock.set_ns(ns("2024-08-09T00:30:05"))
        await eventually_async(lambda: world.states() == [("schedule", "succeeded")])
        world.clock.set_ns(ns("2024-08-09T09:00"))
        await eventually_async(lambda: world.ask(Store.next_times)["daily-backfill"] == datetime(2024, 8, 10, 0, 30, tzinfo=UTC))
    [run] = world.runs()
    assert (run.job, run.scheduled_at, run.attempts, run.exit_code) == ("daily-backfill", datetime(2024, 8, 9, 0, 30, tzinfo=UTC), 1, 0)
    assert run.detail.endswith("said 0")
    assert world.started == [
        ("backfill", "binance", "--symbols", "BTC-USDT", "--timeframe", "1m", "--from", "2024-08-08", "--to", "2024-08-09")
    ]


async def test_runs_that_were_missed_are_made_up_for_once(world: World) -> None:
    async with world.running():
        await world.known()
        world.clock.set_ns(ns("2024-08-09T00:30:05"))
        await eventually_async(lambda: world.states() == [("schedule", "succeeded")])
    world.clock.set_ns(ns("2024-08-13T10:00"))  # four nights without a runner
    async with world.running():
        await eventually_async(lambda: world.states() == [("schedule", "succeeded"), ("catch_up", "succeeded")])
        assert world.runs()[0].scheduled_at == datetime(2024, 8, 13, 0, 30, tzinfo=UTC)
    assert world.started[-1][-4:] == ("--from", "2024-08-09", "--to", "2024-08-13")


async def test_a_failed_run_is_tried_again_and_then_told(world: World) -> None:
    world.ends = [1, 1, 0, 1, 1, 1, 1, 2]
    async with world.running():
        await world.known()
        for day in (9, 10, 11):
            world.clock.set_ns(ns(f"2024-08-{day:02}T00:30:05"))
            await eventually_async(lambda day=day: len([state for _, state in world.states() if state != "running"]) == day - 8)  # type: ignore[misc]
    assert [(run.state, run.attempts, run.exit_code) for run in reversed(world.runs())] == [
        ("succeeded", 3, 0), ("failed", 4, 1), ("failed", 1, 2),  # the last is the user's to mend: trying again is no use
    ]  # fmt: skip


async def test_a_run_that_was_cut_off_is_begun_again(world: World) -> None:
    world.held = asyncio.Event()
    async with world.running():
        await world.known()
        world.clock.set_ns(ns("2024-08-09T00:30:05"))
        await eventually_async(lambda: len(world.started) == 1)
    world.held = None
    async with world.running():
        await eventually_async(lambda: world.states() == [("schedule", "abandoned"), ("catch_up", "succeeded")])
    assert world.started[0] == world.started[1]


async def test_one_runner_at_a_time_and_the_next_takes_over(world: World) -> None:
    async with world.running():
        await world.known()
        async with world.running():
            world.clock.set_ns(ns("2024-08-09T00:30:05"))
            await eventually_async(lambda: world.states() == [("schedule", "succeeded")])
            assert len(world.started) == 1
            with psycopg.connect(world.url, autocommit=True) as connection:  # whoever leads loses its connection, and with it the lock
                held = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
                assert connection.execute(held.encode()).fetchall() == [(True,)]
            world.clock.set_ns(ns("2024-08-10T00:30:05"))
            await eventually_async(lambda: len(world.states()) == 2 and world.states()[-1][1] == "succeeded")
            assert len(world.started) == 2


async def test_a_job_that_runs_by_hand_is_not_started_beside_it(world: World) -> None:
    async with world.running():
        await world.known()
        store = Store(world.url)
        with store.job("daily-backfill") as free:
            assert free
            world.clock.set_ns(ns("2024-08-09T00:30:05"))
            await eventually_async(lambda: world.states() == [("schedule", "abandoned")])
        store.close()
    assert (world.started, world.runs()[0].detail) == ([], "it was running already")


async def test_a_job_with_other_times_begins_anew(world: World) -> None:
    async with world.running():
        await world.known()
    world.clock.set_ns(ns("2024-08-09T09:00"))
    async with world.running(jobs={"daily-backfill": "0 12 * * *"}, time_zone="America/New_York"):
        await eventually_async(lambda: world.ask(Store.next_times)["daily-backfill"] == datetime(2024, 8, 9, 16, 0, tzinfo=UTC))
    assert world.started == []


def test_a_command_by_hand_and_its_history(line: Any) -> None:
    from tests.support import run_tickerplant

    env = {**line.env(), "TICKERPLANT_STORAGE__RETENTION": "true"}
    done = run_tickerplant("schedule", "trigger", "cleanup", env=env)
    assert done.returncode == 0, done.stderr
    assert "$ tickerplant retention\nmarket_ticks" in done.stdout
    shown = run_tickerplant("schedule", "history", env=env).stdout
    assert "cleanup          succeeded trigger" in shown
    listed = run_tickerplant("schedule", "list", env=env).stdout
    assert "off: schedule.backfills is empty" in listed
    assert "last:     1 cleanup" in listed
    assert "sentiment, every 5 min: no job: there is no source of sentiment" in listed
