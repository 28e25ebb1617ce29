"""When the client comes back."""

from live.waits import LONGEST_S, Waits


def test_waits_grow_to_a_limit_and_start_anew() -> None:
    waits = Waits()
    taken = [waits.take() for _ in range(10)]
    assert 0.1 <= taken[0] <= 0.2
    assert all(limit / 2 <= wait <= limit for wait, limit in zip(taken, [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, *[LONGEST_S] * 4], strict=True))
    waits.reset()
    assert waits.take() <= 0.2


def test_gateway_may_name_the_wait() -> None:
    assert Waits().take(1.5) == 1.5
    assert Waits().take(1e9) == LONGEST_S
