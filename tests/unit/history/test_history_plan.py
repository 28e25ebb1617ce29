"""Ranges are cut without holes, and times are understood as users write them."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history.plan import SLICE_ROWS, plan_of, spacing_of
from history.times import moment, ns_of
from runtime.errors import UserError
from schemas.timeframes import Timeframe

START = datetime(2024, 8, 8, tzinfo=UTC)


@given(st.timedeltas(timedelta(microseconds=1), timedelta(days=4000)), st.sampled_from(Timeframe), st.integers(1, 1_000_000))
def test_chunks_cover_the_range(length: timedelta, timeframe: Timeframe, rows: int) -> None:
    rows = max(rows, int(length / spacing_of(timeframe)) // 50 or 1)  # at most some fifty chunks
    plan = plan_of(START, START + length, spacing_of(timeframe), rows)
    chunks = list(plan.chunks())
    assert chunks[0][0] == START
    assert chunks[-1][1] == START + length
    assert all(before[1] == after[0] for before, after in pairwise(chunks))
    assert all((end - start) / spacing_of(timeframe) <= rows for start, end in chunks)
    assert plan.slice <= spacing_of(timeframe) * SLICE_ROWS
    assert plan.share(chunks[-1][1]) == 1


def test_dense_ticks_have_short_slices_that_still_move() -> None:
    plan = plan_of(START, START + timedelta(seconds=1), timedelta(0), 100_000)
    assert plan.slice == timedelta(milliseconds=10)
    assert sum(1 for _ in plan.chunks()) == 20


@pytest.mark.parametrize(
    "given_",
    ["2024-08-08", "2024-08-08T00:00:00Z", "2024-08-08T02:00:00+02:00", date(2024, 8, 8), datetime(2024, 8, 8),  # noqa: DTZ001
     ns_of(START),
     datetime(2024, 8, 7, 20, tzinfo=timezone(timedelta(hours=-4)))],
)  # fmt: skip
def test_moments(given_: object) -> None:
    assert moment(given_, "start") == START  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["yesterday", "", 10**30])
def test_no_moments(wrong: object) -> None:
    with pytest.raises(UserError, match="start"):
        moment(wrong, "start")  # type: ignore[arg-type]
