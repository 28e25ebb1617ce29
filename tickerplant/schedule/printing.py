"""Jobs and runs, for people and programs."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from runtime.settings import Settings
from tickerplant.schedule.jobs import JOBS, LEFT_OUT, cron_of
from tickerplant.schedule.store import Run


def jobs_document(settings: Settings, next_times: Mapping[str, datetime], last: Mapping[str, Run]) -> dict[str, Any]:
    jobs = [
        {
            "job": job.name,
            "does": job.does,
            "cron": cron_of(job, settings),
            "time_zone": settings.schedule.time_zone,
            "idle": _idle(settings, job.name),
            "next_at": None if _idle(settings, job.name) else next_times.get(job.name),
            "last": last[job.name]._asdict() if job.name in last else None,
        }
        for job in JOBS.values()
    ]
    return {"jobs": jobs, "left_out": LEFT_OUT}


def jobs_lines(settings: Settings, next_times: Mapping[str, datetime], last: Mapping[str, Run]) -> Iterator[str]:
    for job in JOBS.values():
        idle, due = _idle(settings, job.name), next_times.get(job.name)
        when = f"off: {idle}" if idle else f"next {due:%Y-%m-%d %H:%M} UTC" if due else "next: as soon as `tickerplant schedule run` runs"
        yield f"{job.name:<16} {cron_of(job, settings) or 'never':<14} {settings.schedule.time_zone:<8} {when}"
        yield f"{'':<16} {job.does}"
        if job.name in last:
            yield f"{'':<16} last: {run_line(last[job.name])}"
    for name, why in LEFT_OUT.items():
        yield f"{name}: no job: {why}"


def run_line(run: Run) -> str:
    """Without what it said, but its last line where it failed."""
    ended = f"{run.ended_at - run.started_at}".partition(".")[0] if run.ended_at else "still running, or cut off"
    said = run.detail.rstrip().rpartition("\n")[2][:200] if run.state in ("failed", "abandoned") else ""
    times = f" in {run.attempts} attempts" if run.attempts > 1 else ""
    return (
        f"{run.run_id:>5} {run.job:<16} {run.state:<9} {run.cause:<8} of {run.scheduled_at:%Y-%m-%d %H:%M} UTC,"
        f" begun {run.started_at:%Y-%m-%d %H:%M:%S}, {ended}{times}{f': {said}' if said else ''}"
    )


def _idle(settings: Settings, name: str) -> str:
    return JOBS[name].idle(settings) if cron_of(JOBS[name], settings) else "schedule.jobs says so"
