"""The bucket of messages."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.access.pace import Pace
from runtime.clock import ManualClock


def test_second_of_messages_at_once_then_at_the_pace() -> None:
    clock = ManualClock()
    pace = Pace(100, clock)
    sent = 0
    while not pace.wait_s():
        pace.charge(1)
        sent += 1
    assert sent == 100
    clock.advance_s(pace.wait_s())
    assert pace.wait_s() == 0


def test_what_a_batch_took_too_much_is_owed() -> None:
    clock = ManualClock()
    pace = Pace(100, clock)
    pace.charge(600)
    assert pace.wait_s() > 5
    clock.advance_s(4.9)
    assert pace.wait_s()
    clock.advance_s(0.2)
    assert not pace.wait_s()


@given(per_s=st.integers(1, 2000), steps=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 300)), max_size=60))
def test_never_more_than_the_rate_a_second_and_a_batch(per_s: int, steps: list[tuple[float, int]]) -> None:
    clock = ManualClock()
    pace = Pace(per_s, clock)
    sent = 0
    for wait_s, batch in steps:
        clock.advance_s(wait_s)
        if not pace.wait_s():
            assert sent <= per_s * (clock.monotonic_s() + 1) + 300
            pace.charge(batch)
            sent += batch
    assert sent <= per_s * (clock.monotonic_s() + 1) + 300
