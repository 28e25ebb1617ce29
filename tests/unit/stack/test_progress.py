"""Progress: written over on a terminal, a line a second at most elsewhere, the last one always in full."""

from io import StringIO

from runtime.clock import ManualClock
from tickerplant.stack.progress import reporter


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_elsewhere_at_most_a_line_a_second_and_the_last_one() -> None:
    out, clock = StringIO(), ManualClock()
    with reporter(out, clock) as report:
        for number in range(25):
            report(f"{number}/24")
            clock.advance_s(0.125)
    assert out.getvalue().splitlines() == ["0/24", "8/24", "16/24", "24/24"]


def test_on_a_terminal_one_line_is_written_over() -> None:
    out = Terminal()
    with reporter(out, ManualClock()) as report:
        report("1/2")
        report("2/2")
    assert out.getvalue() == "\r\x1b[K1/2\r\x1b[K2/2\n"


def test_nothing_said_writes_nothing() -> None:
    out = StringIO()
    with reporter(out, ManualClock()):
        pass
    assert out.getvalue() == ""
