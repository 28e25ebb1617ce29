"""A tick waits longer for others where many come, and not because of a burst."""

import pytest

from ingestors.flush_pace import FlushPace


def paced(frames_per_s: float, seconds: float = 1.0, pace: FlushPace | None = None, start_s: float = 5.0) -> FlushPace:
    pace, now_s, sent = pace or FlushPace(0.0005, 0.01), start_s, 0.0
    while now_s < start_s + seconds:
        now_s += pace.wait_s
        arrived = (now_s - start_s) * frames_per_s
        pace.take(int(arrived) - int(sent), now_s)
        sent = arrived
    return pace


@pytest.mark.parametrize(("frames_per_s", "wait_s"), [(0, 0.0005), (1_000, 0.0005), (20_000, 0.004), (50_000, 0.01), (1_000_000, 0.01)])
def test_the_wait_grows_with_the_rate(frames_per_s: float, wait_s: float) -> None:
    assert paced(frames_per_s).wait_s == pytest.approx(wait_s, rel=0.1)


def test_it_shrinks_again() -> None:
    assert paced(500, 1.0, paced(100_000), 6.0).wait_s == 0.0005


def test_a_burst_of_a_few_milliseconds_is_no_rate() -> None:
    pace = paced(1_000)
    pace.take(500, 6.005)
    assert pace.wait_s < 0.002


def test_the_settings_wait_is_the_least_and_a_clock_that_stands_changes_nothing() -> None:
    pace = FlushPace(0.05, 0.01)
    for _ in range(3):
        pace.take(1_000_000, 1.0)
    assert pace.wait_s == 0.05
