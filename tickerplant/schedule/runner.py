"""The process that starts jobs when they are due. Of several only one does, the others stand by until its connection to PostgreSQL is gone.

When a job is due next stands in PostgreSQL. So a job whose time passed while nobody ran is made up for once, however often it was missed, and one whose
run was cut off by the end of the runner is begun again.
"""

import asyncio
from datetime import datetime

from runtime import metrics
from runtime.clock import Clock
from runtime.errors import TransientError
from runtime.health import Health
from runtime.logs import get_logger
from runtime.settings import Settings
from tickerplant.schedule.jobs import Job, active, cron_of, zone_of
from tickerplant.schedule.perform import Performer, now
from tickerplant.schedule.store import Cause, Store
from tickerplant.schedule.times import latest_at, next_after

STEP_S = 1.0
STANDBY_S = 5.0
_ON_TIME_S = 60.0  # a run that begins later than this was missed
logger = get_logger()


class Runner:
    """run() lasts until stop() is called; its jobs are asked to end then. Raises UserError where the tables are not there."""

    def __init__(self, settings: Settings, url: str, clock: Clock, health: Health, performer: Performer) -> None:
        self._settings = settings
        self._url = url
        self._clock = clock
        self._health = health
        self._performer = performer
        self._stopping = asyncio.Event()
        self._due: dict[str, datetime] = {}
        self._running: dict[str, asyncio.Task[bool]] = {}
        self._away = ""
        health.add_check("database", lambda: self._away)

    def stop(self) -> None:
        self._stopping.set()

    async def run(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._lead_or_stand_by()
            except TransientError as error:
                self._away = str(error)
                logger.warning("schedule_without_database", error=str(error))
            await self._end_jobs()
            metrics.JOB_RUNNER.set(0)
            await self._pause(STANDBY_S)

    async def _lead_or_stand_by(self) -> None:
        """Returns when another runner leads, or at the stop."""
        store = Store(self._url)
        try:
            self._away = ""
            if store.become_runner():
                await self._lead(store)
        finally:
            store.close()

    async def _lead(self, store: Store) -> None:
        metrics.JOB_RUNNER.set(1)
        jobs = active(self._settings)
        logger.info("schedule_runs", jobs=sorted(jobs))
        store.forget(self._settings.schedule.keep_days)
        self._due = {name: self._first_due(store, job) for name, job in jobs.items()}
        for run_id, name, at in store.take_over(jobs):
            self._start(run_id, jobs[name], at)
        while not self._stopping.is_set():
            store.check()
            for name, job in jobs.items():
                if now(self._clock) >= self._due[name] and name not in self._running:
                    self._begin(store, job)
            await self._pause(STEP_S)

    def _first_due(self, store: Store, job: Job) -> datetime:
        """As it was left; of a job that is new, or has other times than before, from now on."""
        cron, zone = cron_of(job, self._settings), self._settings.schedule.time_zone
        at = store.due(job.name, cron, zone)
        if at is None:
            at = next_after(cron, zone_of(self._settings), now(self._clock))
            store.set_due(job.name, cron, zone, at)
        return at

    def _begin(self, store: Store, job: Job) -> None:
        moment, cron, zone = now(self._clock), cron_of(job, self._settings), zone_of(self._settings)
        at = latest_at(cron, zone, moment)
        missed = at > self._due[job.name] or (moment - at).total_seconds() > _ON_TIME_S
        cause: Cause = "catch_up" if missed else "schedule"
        next_at = next_after(cron, zone, moment)
        run_id = store.begin_due(job.name, at, cause, cron, self._settings.schedule.time_zone, next_at)
        self._due[job.name] = next_at
        self._start(run_id, job, at)

    def _start(self, run_id: int, job: Job, at: datetime) -> None:
        logger.info("job_begins", job=job.name, run=run_id, scheduled_at=at.isoformat())
        task = asyncio.ensure_future(self._performer.perform(run_id, job, at))
        self._running[job.name] = task
        task.add_done_callback(lambda done: self._ended(job.name, done))

    def _ended(self, name: str, task: "asyncio.Task[bool]") -> None:
        self._running.pop(name, None)
        if not task.cancelled() and task.exception() is not None:  # it stays `running`: the next runner begins it again
            logger.error("job_not_noted", job=name, error=str(task.exception()))

    async def _end_jobs(self) -> None:
        """Who does not lead must not run them."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pause(self, seconds: float) -> None:
        self._health.tick()
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
