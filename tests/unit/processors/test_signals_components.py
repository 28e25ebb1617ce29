import pytest

from processors.signals.components import VOTES, macd_vote, momentum_vote, rsi_vote


@pytest.mark.parametrize(
    ("before", "now", "vote"),
    [(-1, 1, 1), (0, 1, 1), (1, 2, 0), (1, -1, -1), (0, -1, -1), (-1, -2, 0), (-1, 0, 0), (1, 0, 0), (0, 0, 0), (-1e-300, 1e-300, 1)],
)
def test_macd_votes_where_its_lines_cross(before: float, now: float, vote: int) -> None:
    assert macd_vote({"macd": 0, "signal": 0, "histogram": now, "previous_histogram": before}) == vote


def test_macd_needs_the_bar_before() -> None:
    assert macd_vote({"histogram": 1.0}) == 0
    assert macd_vote({}) == 0


@pytest.mark.parametrize(("value", "vote"), [(0, 1), (29.999, 1), (30, 0), (50, 0), (70, 0), (70.001, -1), (100, -1)])
def test_rsi_votes_outside_30_and_70(value: float, vote: int) -> None:
    assert rsi_vote({"value": value}) == vote
    assert rsi_vote({}) == 0


@pytest.mark.parametrize(("value", "vote"), [(0.0201, 1), (0.02, 0), (0, 0), (-0.02, 0), (-0.0201, -1)])
def test_momentum_votes_beyond_two_per_cent(value: float, vote: int) -> None:
    assert momentum_vote({"value": value}) == vote
    assert momentum_vote({}) == 0


def test_rank() -> None:
    assert list(VOTES) == ["macd", "rsi", "momentum"]
