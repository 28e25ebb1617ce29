"""The circuit breaker: example by example, and against a plain model over any order of calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.breaker import Breaker, BreakerChange, Rules


def opened(at_s: float = 0.0, changes: list[BreakerChange] | None = None) -> Breaker:
    breaker = Breaker("yahoo", on_change=[].append if changes is None else changes.append)
    for _ in range(5):
        assert breaker.admits(at_s)
        breaker.failed(at_s)
    return breaker


def test_five_failures_in_a_row_open_it() -> None:
    breaker = Breaker("yahoo")
    for failures in (4, 4):
        for _ in range(failures):
            breaker.failed(0)
        assert breaker.admits(0)
        breaker.succeeded(0)
    assert breaker.state == "closed"
    assert opened().state == "open"


def test_an_open_one_lets_nothing_through_for_a_minute_and_then_one_call() -> None:
    breaker = opened(at_s=100)
    assert not breaker.admits(159.9)
    assert breaker.left_s(130) == 30
    assert breaker.admits(160)
    assert breaker.state == "half_open"
    assert not breaker.admits(160)
    assert breaker.left_s(160) == 0


def test_the_one_call_closes_it_or_opens_it_again() -> None:
    changes: list[BreakerChange] = []
    breaker = opened(changes=changes)
    assert breaker.admits(60)
    breaker.failed(61)
    assert not breaker.admits(120.9)
    assert breaker.admits(121)
    breaker.succeeded(122)
    assert breaker.admits(122)
    assert [(one.before, one.state, one.at_s) for one in changes] == [
        ("closed", "open", 0),
        ("open", "half_open", 60),
        ("half_open", "open", 61),
        ("open", "half_open", 121),
        ("half_open", "closed", 122),
    ]
    assert [one.failures for one in changes] == [5, 5, 6, 6, 0]


def test_a_call_that_says_nothing_leaves_room_for_another() -> None:
    breaker = opened()
    assert breaker.admits(60)
    breaker.given_up()
    assert breaker.state == "half_open"
    assert breaker.admits(60)


def test_an_answer_to_a_call_from_before_it_opened_closes_nothing() -> None:
    breaker = opened()
    breaker.succeeded(1)
    breaker.failed(2)
    assert breaker.state == "open"
    assert breaker.left_s(2) == 58


step = st.tuples(st.sampled_from(["ask", "succeed", "fail", "give_up"]), st.floats(0, 40))


@given(st.lists(step, max_size=60), st.integers(1, 5))
def test_it_never_lets_more_through_than_its_rules_say(steps: list[tuple[str, float]], failures: int) -> None:
    breaker, now_s, running, in_a_row, opened_s = Breaker("x", Rules(failures, 60.0)), 0.0, 0, 0, None
    for what, wait_s in steps:
        now_s += wait_s
        if what == "ask":
            admitted = breaker.admits(now_s)
            running += admitted
            if opened_s is not None:
                assert not admitted or now_s - opened_s >= 60
                assert not admitted or breaker.state == "half_open"
        elif running:
            running -= 1
            if what == "give_up":
                breaker.given_up()
            elif what == "succeed":
                breaker.succeeded(now_s)
                in_a_row, opened_s = (0, None) if breaker.state == "closed" else (in_a_row, opened_s)
            else:
                breaker.failed(now_s)
                in_a_row += 1
                if breaker.state == "open" and (opened_s is None or now_s - opened_s >= 60):
                    opened_s = now_s
        if breaker.state == "open":
            assert in_a_row >= failures or opened_s is not None


@pytest.mark.parametrize("failures", [1, 3])
def test_rules_may_be_others(failures: int) -> None:
    breaker = Breaker("x", Rules(failures, 1.0))
    for _ in range(failures):
        assert breaker.admits(0)
        breaker.failed(0)
    assert not breaker.admits(0.5)
    assert breaker.admits(1)
