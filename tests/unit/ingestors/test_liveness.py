"""Three levels: each sees a death that the ones below it do not."""

from ingestors.liveness import SOCKET_S, WINDOW_S, Liveness, Timeouts


def fed(seconds: int, rate: int, live: Liveness, start_s: int = 0) -> int:
    """So many events a second; the second after the last."""
    for second in range(start_s, start_s + seconds):
        live.byte(second)
        live.data(second, rate)
        live.problem(second, True)
    return start_s + seconds


def test_a_socket_that_answers_nothing_is_dead_though_it_is_open() -> None:
    live = Liveness(Timeouts(1_000), 0)
    assert not live.wants_ping(SOCKET_S / 2)
    assert live.wants_ping(SOCKET_S / 2 + 0.1)
    assert not live.wants_ping(SOCKET_S / 2 + 0.2)  # it was asked
    assert live.problem(SOCKET_S, True) == ""
    assert live.problem(SOCKET_S + 0.1, True).startswith("socket")
    live.byte(SOCKET_S + 0.2)
    assert live.problem(SOCKET_S + 0.3, True) == ""


def test_pings_do_not_hide_a_missing_heartbeat() -> None:
    live = Liveness(Timeouts(1_000, heartbeat_s=10), 0)
    for second in range(11):
        live.byte(second)
        assert live.problem(second, True) == ""
    live.byte(11)
    assert live.problem(11, True).startswith("heartbeat")


def test_heartbeats_do_not_hide_that_no_data_come() -> None:
    live = Liveness(Timeouts(30, heartbeat_s=10), 0)
    for second in range(31):
        live.byte(second)
        live.word(second)
        assert live.problem(second, True) == ""
    live.byte(31)
    live.word(31)
    assert live.problem(31, True).startswith("data: none")


def test_a_closed_market_is_silent_and_gets_its_time_when_it_opens() -> None:
    live = Liveness(Timeouts(30), 0)
    for second in range(0, 3_600, 10):
        live.byte(second)
        assert live.problem(second, False) == ""
    live.byte(3_600)
    assert live.problem(3_600, True) == ""
    live.byte(3_625)
    assert live.problem(3_625, True).startswith("data: none")


def test_one_symbol_of_a_hundred_does_not_hide_that_the_others_stopped() -> None:
    live = Liveness(Timeouts(30), 0)
    second = fed(5 * int(WINDOW_S), 100, live)
    problems = []
    for now_s in range(second, second + 2 * int(WINDOW_S)):
        live.byte(now_s)
        live.data(now_s, 1)
        problems.append(live.problem(now_s, True))
    assert "data: the rate has collapsed" in problems
    assert problems[0] == ""


def test_a_slow_feed_has_no_baseline_to_fall_from() -> None:
    live = Liveness(Timeouts(1_000), 0)
    second = fed(5 * int(WINDOW_S), 1, live)
    for now_s in range(second, second + 3 * int(WINDOW_S)):
        live.byte(now_s)
        assert live.problem(now_s, True) == ""


def test_a_feed_that_calms_down_slowly_is_alive() -> None:
    live, second = Liveness(Timeouts(30), 0), 0
    for rate in (100, 50, 25, 12, 6, 3):
        second = fed(3 * int(WINDOW_S), rate, live, second)
        assert live.problem(second, True) == ""


def test_a_closed_night_makes_no_data_old() -> None:
    live = Liveness(Timeouts(30), 0)
    live.data(10, 1)
    assert live.data_age_s(20) == 10
    live.byte(1_000)
    live.problem(1_000, False)
    assert live.data_age_s(1_004) == 4
