"""What a person reads: the simulated feed is named in every form, and what is not well is said."""

from io import StringIO

from rich.console import Console

from tickerplant.stack.figures import Figures
from tickerplant.stack.view import Picture, Row, line, table

ROWS = (
    Row("process-validate", "ready", 11, 0, "", 81.0, Figures(1200, 1200, 5, 1.5, 4.5, 0.987, 2)),
    Row("process-bars", "crashed", None, 3, "ended with SIGKILL", None, None),
)
PICTURE = Picture("simulated", "http://127.0.0.1:8001/", "/data", 61.0, ROWS)


def drawn(picture: Picture) -> str:
    console = Console(file=StringIO(), width=180)
    console.print(table(picture))
    return console.file.getvalue()  # type: ignore[attr-defined]


def test_the_table_says_all() -> None:
    text = drawn(PICTURE)
    for word in ("SIMULATED", "http://127.0.0.1:8001/", "process-validate", "1,200", "4.5", "0.987", "crashed", "ended with SIGKILL"):
        assert word in text


def test_the_line_says_it_in_short() -> None:
    text = line(PICTURE)
    assert "\n" not in text
    for word in ("SIMULATED", "ready 1/2", "p50 1.5 ms p99 4.5 ms", "process-bars crashed (ended with SIGKILL)", "restarted 3x"):
        assert word in text


def test_a_live_feed_is_not_called_simulated() -> None:
    feeds = [
        Row(f"ingest-{name}", "ready", 12, 0, "", 50.0, Figures(rate, rate, 0, 1.5, 4.5, 1.0, 0))
        for name, rate in (("kraken", 40), ("yahoo", 2))
    ]
    live = Picture("live", "", "/data", 1.0, [*ROWS[:1], *feeds])
    assert "SIMULATED" not in drawn(live) + line(live)
    assert "live feed: kraken, yahoo" in drawn(live)
    assert "ingest 42/s" in line(live)
