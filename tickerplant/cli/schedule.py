"""`tickerplant schedule`: jobs at their times, and what became of them."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tickerplant.cli.options import AsJson, DataDir, settings_for

if TYPE_CHECKING:
    from runtime.settings import Settings
    from tickerplant.schedule.store import Run

commands = typer.Typer(help="Jobs at their times: the daily backfill, the clean-up; who ran when, and how it ended.", no_args_is_help=True)
JobName = Annotated[str, typer.Argument(metavar="JOB", help="As daily-backfill; see `tickerplant schedule list`.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.add_typer(commands, name="schedule")


@commands.command("run", epilog="Example: tickerplant schedule run")
def run(data_dir: DataDir = None) -> None:
    """Start jobs when they are due, until it is stopped. Several may run: one works, the others stand by."""
    from tickerplant.schedule.start import run_schedule

    settings = settings_for(data_dir)
    run_schedule(settings, _postgres(settings), _environment(settings))


@commands.command("list", epilog="Example: tickerplant schedule list")
def list_jobs(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Every job with its times, when it is due next, and how it last ended; then the jobs that cannot exist yet, and why."""
    from tickerplant.schedule.printing import jobs_document, jobs_lines
    from tickerplant.schedule.start import check
    from tickerplant.schedule.store import Store

    settings = settings_for(data_dir)
    check(settings)
    store = Store(_postgres(settings))
    next_times, last = store.next_times(), {}
    for one in reversed(store.runs(limit=1_000)):
        last[one.job] = one
    store.close()
    if as_json:
        typer.echo(json.dumps(jobs_document(settings, next_times, last), default=str))
        return
    for line in jobs_lines(settings, next_times, last):
        typer.echo(line)


@commands.command("history", epilog="Example: tickerplant schedule history --job daily-backfill")
def history(
    job: Annotated[str, typer.Option("--job", help="Of this job only.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="So many runs, the newest first.")] = 20,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """The runs that there were: when, why, how often tried, how they ended and what they said last."""
    from tickerplant.schedule.printing import run_line
    from tickerplant.schedule.store import Store

    store = Store(_postgres(settings_for(data_dir)))
    found = store.runs(job, limit)
    store.close()
    if as_json:
        typer.echo(json.dumps({"runs": [one._asdict() for one in found]}, default=str))
        return
    for one in found:
        typer.echo(run_line(one))
    if not found:
        typer.echo("there was no run yet")


@commands.command("trigger", epilog="Example: tickerplant schedule trigger cleanup")
def trigger(job: JobName, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Run a job now, with retries as at its time, and wait for it. Exit code 1 if it fails."""
    from tickerplant.schedule.printing import run_line
    from tickerplant.schedule.start import trigger as start
    from tickerplant.schedule.store import Store

    settings = settings_for(data_dir)
    url = _postgres(settings)
    run_id = start(settings, url, _environment(settings), job)
    store = Store(url)
    done: Run = next(one for one in store.runs(job, 100) if one.run_id == run_id)
    store.close()
    typer.echo(json.dumps(done._asdict(), default=str) if as_json else f"{run_line(done)}\n{done.detail}")
    raise typer.Exit(0 if done.state == "succeeded" else 1)


def _postgres(settings: "Settings") -> str:
    from runtime.addresses import resolve

    return resolve(settings).postgres


def _environment(settings: "Settings") -> dict[str, str]:
    """Of the commands: ours, and the folder that was named on the command line."""
    return {**os.environ, "TICKERPLANT_DATA_DIR": str(Path(settings.data_dir).absolute())}
