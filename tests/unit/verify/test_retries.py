"""Looking again while a line is still writing, and saying what is being done."""

from runtime.clock import ManualClock
from tickerplant.verify.audit import Progress
from tickerplant.verify.report import Report
from tickerplant.verify.retries import until_equal


def _reports(*totals: int) -> list[Report]:
    reports = []
    for total in totals:
        report = Report()
        for number in range(total):
            report.missing("t", str(number))
        reports.append(report)
    return reports


def test_the_first_report_without_a_difference_ends_it() -> None:
    clock = ManualClock()
    reports = _reports(2, 1, 0, 5)
    assert until_equal(iter(reports).__next__, 60, clock, clock.advance_s) is reports[2]


def test_the_last_report_counts_when_time_is_over() -> None:
    clock = ManualClock()
    reports = _reports(2, 1, 1, 1, 0)
    assert until_equal(iter(reports).__next__, 1.2, clock, clock.advance_s) is reports[3]


def test_without_waiting_one_look_is_all() -> None:
    clock = ManualClock()
    reports = _reports(1, 0)
    assert until_equal(iter(reports).__next__, 0, clock, clock.advance_s) is reports[0]


def test_progress_is_told_every_two_seconds_at_most() -> None:
    clock, said = ManualClock(), list[str]()
    progress = Progress(clock, said.append)
    for second in range(7):
        progress.tell(f"at {second}")
        clock.advance_s(1)
    assert said == ["at 2", "at 4", "at 6"]
