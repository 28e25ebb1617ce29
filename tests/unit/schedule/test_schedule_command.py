"""One command of a job as a process of its own."""

import asyncio
import os

import pytest

from tickerplant.schedule.command import run

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TICKERPLANT_")}


async def test_what_it_says_and_how_it_ends_is_known() -> None:
    good = await run(("sources", "list"), ENVIRONMENT, 120)
    assert good.exit_code == 0
    assert "binance" in good.output
    wrong = await run(("backfill", "nobody", "--from", "2024-08-08"), ENVIRONMENT, 120)
    assert (wrong.exit_code, wrong.output.startswith("tickerplant: no provider 'nobody'")) == (2, True)


async def test_one_that_hangs_is_ended_and_has_failed() -> None:
    ended = await run(("exchange",), ENVIRONMENT, 0.01)
    assert (ended.exit_code, ended.output.endswith("ended after 0 s")) == (-1, True)


async def test_a_runner_that_stops_ends_it() -> None:
    task = asyncio.ensure_future(run(("exchange",), ENVIRONMENT, 120))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
