"""The jobs as data: their commands exist, and are what the occasion asks for."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from runtime.errors import UserError
from runtime.settings import Settings, load_settings
from tests.support import run_tickerplant
from tickerplant.cli.main import build
from tickerplant.schedule.jobs import JOBS, LEFT_OUT, Occasion, active, cron_of
from tickerplant.schedule.start import check

DUE = datetime(2024, 8, 9, 0, 30, tzinfo=UTC)


def settings(**schedule: Any) -> Settings:
    return load_settings(schedule=schedule, storage={"retention": True})


def backfill_words(last_at: datetime | None, *orders: dict[str, Any]) -> list[tuple[str, ...]]:
    return JOBS["daily-backfill"].commands(settings(backfills=orders), Occasion(DUE, last_at))


def test_the_daily_backfill_is_of_the_day_before() -> None:
    words = backfill_words(None, {"provider": "binance", "symbols": ["BTC-USDT", "ETH-USDT"], "timeframe": "1m"}, {"provider": "coinbase"})
    assert words == [
        ("backfill", "binance", "--symbols", "BTC-USDT,ETH-USDT", "--timeframe", "1m", "--from", "2024-08-08", "--to", "2024-08-09"),
        ("backfill", "coinbase", "--from", "2024-08-08", "--to", "2024-08-09"),
    ]


@pytest.mark.parametrize(
    ("last_at", "begins"),
    [
        (datetime(2024, 8, 8, 0, 30, tzinfo=UTC), "2024-08-08"),
        (datetime(2024, 8, 5, 0, 30, tzinfo=UTC), "2024-08-05"),  # three days without a runner
        (datetime(2024, 8, 9, 0, 10, tzinfo=UTC), "2024-08-08"),
        (datetime(2023, 8, 5, 0, 30, tzinfo=UTC), "2024-07-10"),
    ],
)
def test_days_that_were_missed_are_made_up_for(last_at: datetime, begins: str) -> None:
    [words] = backfill_words(last_at, {"provider": "binance"})
    assert words[-4:] == ("--from", begins, "--to", "2024-08-09")


def test_days_are_utcs_whatever_zone_the_database_answers_in() -> None:
    zone = ZoneInfo("America/New_York")
    [order] = settings(backfills=[{"provider": "binance"}]).schedule.backfills
    occasion = Occasion(DUE.astimezone(zone), datetime(2024, 8, 8, 0, 30, tzinfo=UTC).astimezone(zone))
    [words] = JOBS["daily-backfill"].commands(settings(backfills=[order]), occasion)
    assert words[-4:] == ("--from", "2024-08-08", "--to", "2024-08-09")


def test_every_command_of_every_job_exists() -> None:
    configured = settings(backfills=[{"provider": "binance", "symbols": ["BTC-USDT"], "timeframe": "1m"}])
    for job in JOBS.values():
        for words in job.commands(configured, Occasion(DUE, None)):
            help_text = CliRunner().invoke(build(), [words[0], "--help"], env={"COLUMNS": "250"}).output
            assert all(word in help_text for word in words if word.startswith("--")), words


def test_a_job_without_anything_to_do_does_not_run() -> None:
    assert set(active(Settings())) == {"repair"}
    assert set(active(settings(backfills=[{"provider": "binance"}]))) == {"daily-backfill", "cleanup", "repair"}
    changed = settings(jobs={"repair": "", "cleanup": "0 4 * * 0"})
    assert set(active(changed)) == {"cleanup"}
    assert cron_of(JOBS["cleanup"], changed) == "0 4 * * 0"


def test_what_cannot_run_is_named() -> None:
    assert {"sentiment, every 5 min", "cache warming, every 6 h", "indices, every 2 min"} <= set(LEFT_OUT)


def test_mistakes_in_the_settings_are_one_line() -> None:
    with pytest.raises(UserError, match="no job 'clean'; there are: daily-backfill, cleanup, repair"):
        check(settings(jobs={"clean": "0 4 * * *"}))
    for wrong, said in (({"jobs": {"repair": "at noon"}}, "is no cron expression"), ({"time_zone": "Mars/Base"}, "is no time zone")):
        with pytest.raises(UserError, match=said):
            load_settings(schedule=wrong)
    done = run_tickerplant("schedule", "trigger", "cleanup", "--data-dir", "/nonexistent")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
