"""What counts as a stall, and what does not."""

from runtime.faust_stage.watchdog import Moving, StallDetector


def test_a_partition_with_lag_that_does_not_move_is_stalled() -> None:
    detector = StallDetector(60.0)
    assert not any(detector.observe({"ticks/0": Moving(10, True)}, 1.0, kafka_up=True) for _ in range(61))
    assert detector.observe({"ticks/0": Moving(10, True)}, 1.0, kafka_up=True) == "ticks/0"


def test_progress_starts_the_time_anew() -> None:
    detector = StallDetector(60.0)
    for offset in range(200):
        assert detector.observe({"ticks/0": Moving(offset // 50, True)}, 1.0, kafka_up=True) == ""


def test_nothing_to_do_is_no_stall() -> None:
    detector = StallDetector(60.0)
    assert not any(detector.observe({"ticks/0": Moving(10, False)}, 1.0, kafka_up=True) for _ in range(200))


def test_without_kafka_no_time_passes() -> None:
    detector = StallDetector(60.0)
    for _ in range(59):
        detector.observe({"ticks/0": Moving(10, True)}, 1.0, kafka_up=True)
    assert not any(detector.observe({"ticks/0": Moving(10, True)}, 1.0, kafka_up=False) for _ in range(500))
    assert not any(detector.observe({"ticks/0": Moving(10, True)}, 1.0, kafka_up=True) for _ in range(60))


def test_a_partition_that_went_elsewhere_is_forgotten() -> None:
    detector = StallDetector(60.0)
    for _ in range(59):
        detector.observe({"ticks/0": Moving(10, True)}, 1.0, kafka_up=True)
    detector.observe({}, 1.0, kafka_up=True)
    assert not any(detector.observe({"ticks/0": Moving(10, True)}, 1.0, kafka_up=True) for _ in range(60))


def test_the_stalled_one_among_moving_ones_is_named() -> None:
    detector = StallDetector(5.0)
    answers = [detector.observe({"event loop": Moving(n, True), "ticks/1": Moving(0, True)}, 1.0, kafka_up=True) for n in range(8)]
    assert answers[-1] == "ticks/1"


def test_a_partition_that_waits_while_the_stage_works_for_others_is_given_five_times_as_long() -> None:
    detector = StallDetector(60.0)
    waiting = {"ticks/0": Moving(10, True, takes_turns=True), "event loop": Moving(0, False)}
    assert not any(detector.observe(waiting, 1.0, kafka_up=True, busy_s=1.2) for _ in range(300))
    assert [detector.observe(waiting, 1.0, kafka_up=True, busy_s=1.0) for _ in range(3)][-1] == "ticks/0"


def test_what_takes_no_turns_has_no_excuse() -> None:
    detector = StallDetector(60.0)
    answers = [detector.observe({"commit": Moving(1, True)}, 1.0, kafka_up=True, busy_s=1.0) for _ in range(62)]
    assert answers[-1] == "commit"
