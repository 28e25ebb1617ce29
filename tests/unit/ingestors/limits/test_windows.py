"""Budgets in any span of time, wherever it begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.limits.budget import SPAN_S, Limit, budget_of, in_words, mark_of
from ingestors.limits.windows import Windows
from runtime.settings.limits import BudgetSettings

FIVE = (Limit(5, "minute"),)


def test_what_is_over_the_budget_waits_until_the_span_is_over() -> None:
    windows = Windows(FIVE)
    assert [windows.take(1, 1_000.0 + number) for number in range(5)] == [0.0] * 5
    wait_s = windows.take(1, 1_010.0)
    assert 50 < wait_s <= 52  # the first was asked at 1,000 and counts a sixtieth of a minute longer
    assert windows.take(1, 1_010.0 + wait_s) == 0
    assert windows.take(1, 1_010.0 + wait_s) > 0


def test_the_tightest_limit_holds_and_a_refusal_takes_nothing() -> None:
    windows = Windows((Limit(2, "second"), Limit(3, "day")))
    assert [windows.take(1, 0.0), windows.take(1, 0.0)] == [0.0, 0.0]
    assert 1 <= windows.take(1, 0.0) < 1.1
    assert windows.used(0.0) == [2, 2]
    assert windows.take(1, 2.0) == 0
    assert windows.take(1, 4.0) > 86_000


def test_weights_count_and_a_weight_above_the_limit_takes_a_span_of_its_own() -> None:
    windows = Windows((Limit(100, "minute"),))
    assert windows.take(60, 0.0) == 0
    assert windows.take(60, 1.0) > 0
    assert windows.take(40, 1.0) == 0
    assert windows.take(250, 2.0) > 0
    assert windows.take(250, 70.0) == 0


def test_a_ban_holds_and_a_shorter_one_does_not_end_it() -> None:
    windows = Windows(())
    windows.ban(100, 10.0)
    windows.ban(1, 20.0)
    assert windows.take(1, 30.0) == 80
    assert windows.take(1, 110.0) == 0


@given(
    st.lists(st.tuples(st.floats(0, 30, allow_nan=False), st.integers(1, 7)), max_size=60),
    st.integers(5, 20),
    st.floats(0, 1e6, allow_nan=False),
)
def test_no_span_holds_more_than_the_limit_and_a_wait_is_never_in_vain_for_long(
    calls: list[tuple[float, int]], most: int, start_s: float
) -> None:
    windows, now_s, asked = Windows((Limit(most, "minute"),)), start_s, list[tuple[float, int]]()
    for pause_s, weight in calls:
        now_s += pause_s
        wanted = min(weight, most)
        wait_s, tries = windows.take(wanted, now_s), 0
        while wait_s:
            tries += 1
            now_s += max(wait_s, 1e-6)
            wait_s = windows.take(wanted, now_s)
        assert tries <= 3
        asked.append((now_s, wanted))
    for begin_s, _ in asked:
        assert sum(weight for at_s, weight in asked if begin_s <= at_s < begin_s + SPAN_S["minute"]) <= most


def test_settings_stand_in_place_of_what_is_known() -> None:
    assert budget_of(FIVE, None) == FIVE
    assert budget_of(FIVE, BudgetSettings(per_day=25)) == (Limit(25, "day"),)
    assert in_words(budget_of((), BudgetSettings(per_second=2, per_minute=1_000))) == "2/second, 1,000/minute"
    assert in_words(()) == "none"


@pytest.mark.parametrize("key", ["", "secret"])
def test_a_mark_does_not_show_the_key(key: str) -> None:
    assert "secret" not in mark_of(key)
    assert (mark_of(key) == "-") is (key == "")
