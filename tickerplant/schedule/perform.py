"""One run of a job: its commands one after the other, again if they failed, and what became of it told and noted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from runtime import metrics
from runtime.clock import Clock
from runtime.logs import get_logger
from runtime.settings import Settings
from tickerplant.schedule.command import Ended, run
from tickerplant.schedule.jobs import Job, Occasion, Words
from tickerplant.schedule.store import Store

_USER = 2  # exit code of what only the user can mend: the same command would fail the same way
_LONGEST_WAIT_S = 3_600.0
logger = get_logger()
Start = Callable[[Words], Awaitable[Ended]]


class Performer:
    """environment: of the commands. Nothing is raised for a job that fails; TransientError if PostgreSQL cannot be told, and then nobody knows."""

    def __init__(self, settings: Settings, url: str, clock: Clock, environment: Mapping[str, str], start: Start | None = None) -> None:
        self._settings = settings
        self._url = url
        self._clock = clock
        self._start = start or (lambda words: run(words, environment, settings.schedule.timeout_s))

    async def perform(self, run_id: int, job: Job, scheduled_at: datetime) -> bool:
        """True if it succeeded. The run is in the store already."""
        store = Store(self._url)
        try:
            with store.job(job.name) as free:
                if not free:
                    store.end(run_id, "abandoned", None, "it was running already")
                    return False
                return await self._attempts(store, run_id, job, Occasion(scheduled_at, store.last_success(job.name)))
        finally:
            store.close()

    async def _attempts(self, store: Store, run_id: int, job: Job, occasion: Occasion) -> bool:
        schedule = self._settings.schedule
        for attempt in range(schedule.retries + 1):
            ended = await self._commands(job.commands(self._settings, occasion))
            if ended.exit_code == 0:
                store.end(run_id, "succeeded", 0, ended.output)
                self._tell_success(job)
                return True
            if ended.exit_code == _USER or attempt == schedule.retries:
                break
            wait_s = min(schedule.retry_after_s * 2**attempt, _LONGEST_WAIT_S)
            logger.warning("job_failed_once", job=job.name, exit_code=ended.exit_code, again_in_s=wait_s, said=_last_line(ended.output))
            store.again(run_id, ended.output)
            await asyncio.sleep(wait_s)
        store.end(run_id, "failed", ended.exit_code, ended.output)
        metrics.JOB_RUNS.labels(job.name, "failed").inc()
        logger.error("job_failed", job=job.name, exit_code=ended.exit_code, run=run_id, said=_last_line(ended.output))
        return False

    async def _commands(self, commands: list[Words]) -> Ended:
        said: list[str] = []
        for words in commands:
            ended = await self._start(words)
            said.append(f"$ tickerplant {' '.join(words)}\n{ended.output}")
            if ended.exit_code:
                return Ended(ended.exit_code, "\n".join(said))
        return Ended(0, "\n".join(said))

    def _tell_success(self, job: Job) -> None:
        metrics.JOB_RUNS.labels(job.name, "succeeded").inc()
        metrics.JOB_SUCCESS.labels(job.name).set(self._clock.now_ns() // 10**9)
        logger.info("job_succeeded", job=job.name)


def now(clock: Clock) -> datetime:
    return datetime.fromtimestamp(clock.now_ns() // 10**9, UTC)


def _last_line(output: str) -> str:
    return output.rstrip().rpartition("\n")[2][:500]
