"""Watermarks never go backwards, whatever times arrive."""

from hypothesis import given
from hypothesis import strategies as st

from ingestors.watermarks import Watermarks

S = 1_000_000_000


def test_due_once_an_interval_of_the_ingest_clock() -> None:
    marks = Watermarks(0.25, 1.0)
    assert not marks.due(100 * S)
    assert not marks.due(100 * S + S // 5)
    assert marks.due(100 * S + S // 4)
    marks.value()
    assert not marks.due(100 * S + S // 3)


def test_the_value_is_the_newest_event_or_the_clock_minus_the_delay() -> None:
    marks = Watermarks(0.25, 1.0)
    marks.due(100 * S)
    assert marks.value() == 99 * S
    marks.see(101 * S)
    assert marks.value() == 101 * S


def test_a_time_far_in_the_future_is_not_believed() -> None:
    marks = Watermarks(0.25, 1.0)
    marks.due(100 * S)
    marks.see(10_000 * S)
    assert marks.value() == 99 * S


@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12))))
def test_never_backwards(moves: list[tuple[int, int]]) -> None:
    marks, last = Watermarks(0.25, 1.0), 0
    for now_ns, event_ns in moves:
        marks.due(now_ns)
        marks.see(event_ns)
        assert marks.value() >= last
        last = marks.value()
