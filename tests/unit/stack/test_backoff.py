"""The wait before a crashed child comes again."""

from hypothesis import given
from hypothesis import strategies as st

from tickerplant.stack.backoff import HEALTHY_S, Backoff


def test_it_doubles_up_to_its_largest() -> None:
    backoff = Backoff(first_s=0.5, largest_s=4)
    assert [backoff.delay_s(1) for _ in range(6)] == [0.5, 1, 2, 4, 4, 4]


def test_a_healthy_minute_forgives() -> None:
    backoff = Backoff(first_s=0.5)
    for _ in range(5):
        backoff.delay_s(1)
    assert backoff.delay_s(HEALTHY_S) == 0.5
    assert backoff.delay_s(1) == 1.0


@given(st.lists(st.floats(0, 200)))
def test_it_is_always_within_its_bounds(runs: list[float]) -> None:
    backoff = Backoff()
    assert all(backoff.first_s <= backoff.delay_s(ran_s) <= backoff.largest_s for ran_s in runs)
