"""What the runners of the schedule share in PostgreSQL: who runs, when each job is due next, and what became of each run.

Locks belong to the session: a runner that dies gives them back, and its runs are abandoned, not lost (see `take_over`).
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

import psycopg

from runtime.database_locks import SCHEDULED_JOB, DatabaseLock
from runtime.errors import TransientError, UserError
from sinks.timescale.errors import said

Cause = Literal["schedule", "catch_up", "trigger"]
State = Literal["running", "succeeded", "failed", "abandoned"]
_DETAIL = 4_000

_DUE = "SELECT next_at FROM scheduled_jobs WHERE job = %s AND cron = %s AND time_zone = %s"
_SET_DUE = """INSERT INTO scheduled_jobs (job, cron, time_zone, next_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (job) DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone, next_at = excluded.next_at"""
_LAST = "SELECT max(scheduled_at) FROM job_runs WHERE job = %s AND state = 'succeeded' AND cause <> 'trigger'"
_BEGIN = "INSERT INTO job_runs (job, scheduled_at, cause, state, attempts) VALUES (%s, %s, %s, 'running', 1) RETURNING run_id"
_AGAIN = "UPDATE job_runs SET attempts = attempts + 1, detail = %s WHERE run_id = %s"
_END = "UPDATE job_runs SET state = %s, exit_code = %s, detail = %s, ended_at = now() WHERE run_id = %s"
_ABANDON = """UPDATE job_runs SET state = 'abandoned', ended_at = now(), detail = 'the runner ended before the job'
    WHERE state = 'running' AND cause <> 'trigger' RETURNING job, scheduled_at"""
_FORGET = "DELETE FROM job_runs WHERE started_at < now() - %s::interval"
_RUNS = """SELECT run_id, job, scheduled_at, cause, state, attempts, started_at, ended_at, exit_code, detail FROM job_runs
    WHERE job = %s OR %s = '' ORDER BY run_id DESC LIMIT %s"""
_NEXT = "SELECT job, next_at FROM scheduled_jobs"


class Run(NamedTuple):
    """One run of a job. cause: `schedule`, `catch_up` (it was missed or abandoned), `trigger` (somebody asked for it). detail: the end of what it said."""

    run_id: int
    job: str
    scheduled_at: datetime
    cause: str
    state: str
    attempts: int
    started_at: datetime
    ended_at: datetime | None
    exit_code: int | None
    detail: str


class Store:
    """One connection. Every method blocks; raises TransientError once the server does not answer, UserError where the tables are not there."""

    def __init__(self, url: str) -> None:
        with _told():
            self._connection = psycopg.connect(
                url,
                connect_timeout=5,
                autocommit=True,
                application_name="tickerplant-schedule",
                keepalives_idle=10,
                tcp_user_timeout=30_000,
            )

    def become_runner(self) -> bool:
        """True if no other runner is there; then no other can be as long as this connection lives."""
        return bool(self._one("SELECT pg_try_advisory_lock(%s)", DatabaseLock.SCHEDULE_RUNNER.value))

    def check(self) -> None:
        """The connection lives, and with it the lock."""
        self._one("SELECT 1")

    @contextmanager
    def job(self, name: str) -> Iterator[bool]:
        """False if the job runs somewhere else now. Take a Store of its own for each job: the lock is the connection's."""
        taken = bool(self._one("SELECT pg_try_advisory_lock(%s, hashtext(%s))", SCHEDULED_JOB, name))
        try:
            yield taken
        finally:
            if taken:
                self._one("SELECT pg_advisory_unlock(%s, hashtext(%s))", SCHEDULED_JOB, name)

    def due(self, job: str, cron: str, time_zone: str) -> datetime | None:
        """When the job is due next; None where it is new, or its times were changed."""
        found = self._one(_DUE, job, cron, time_zone)
        assert found is None or isinstance(found, datetime)
        return found

    def set_due(self, job: str, cron: str, time_zone: str, at: datetime) -> None:
        self._execute(_SET_DUE, job, cron, time_zone, at)

    def last_success(self, job: str) -> datetime | None:
        """When the newest run that succeeded was meant to be."""
        found = self._one(_LAST, job)
        assert found is None or isinstance(found, datetime)
        return found

    def begin(self, job: str, scheduled_at: datetime, cause: Cause) -> int:
        """The number of a run that is under way from now on."""
        return int(self._one(_BEGIN, job, scheduled_at, cause))

    def begin_due(self, job: str, scheduled_at: datetime, cause: Cause, cron: str, time_zone: str, next_at: datetime) -> int:
        """The same, and when the job is due next, both or neither: a runner that is killed between them would run it twice, or never."""
        with _told(), self._connection.transaction():
            self.set_due(job, cron, time_zone, next_at)
            return self.begin(job, scheduled_at, cause)

    def again(self, run_id: int, detail: str) -> None:
        """It failed and is started once more."""
        self._execute(_AGAIN, _text(detail), run_id)

    def end(self, run_id: int, state: State, exit_code: int | None, detail: str) -> None:
        self._execute(_END, state, exit_code, _text(detail), run_id)

    def take_over(self, jobs: Collection[str]) -> list[tuple[int, str, datetime]]:
        """Runs that an earlier runner left running are abandoned, and those of jobs that are still there begun again, once each: number, job, and the time
        that it was meant for. For the only runner."""
        with _told(), self._connection.transaction():
            left = self._connection.execute(_ABANDON.encode()).fetchall()
            newest = {job: at for job, at in sorted(left) if job in jobs}
            return [(self.begin(job, at, "catch_up"), job, at) for job, at in newest.items()]

    def forget(self, days: int) -> None:
        """Runs older than so many days."""
        self._execute(_FORGET, timedelta(days=days))

    def runs(self, job: str = "", limit: int = 50) -> list[Run]:
        """The newest first; job "" for all."""
        with _told():
            return [Run(*row) for row in self._connection.execute(_RUNS.encode(), (job, job, limit)).fetchall()]

    def next_times(self) -> dict[str, datetime]:
        """By job, as the runner last wrote it."""
        with _told():
            return dict(self._connection.execute(_NEXT.encode()).fetchall())

    def close(self) -> None:
        self._connection.close()

    def _execute(self, statement: str, *values: object) -> None:
        with _told():
            self._connection.execute(statement.encode(), values)

    def _one(self, statement: str, *values: object) -> Any:
        with _told():
            row = self._connection.execute(statement.encode(), values).fetchone()
        return None if row is None else row[0]


def _text(detail: str) -> str:
    """What PostgreSQL takes, and not more than its end."""
    return detail.replace("\0", "")[-_DETAIL:]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except psycopg.errors.UndefinedTable:
        raise UserError("the tables are not there or of an older version; run `tickerplant migrate`") from None
    except psycopg.Error as error:
        raise TransientError(f"PostgreSQL does not answer: {said(error)}") from error
