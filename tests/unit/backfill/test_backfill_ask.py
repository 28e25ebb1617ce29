"""Ranges cut into windows, and how the way through them is shown."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.names import past_source
from runtime.clock import ManualClock
from schemas.timeframes import DAY_NS, HOUR_NS, MINUTE_NS, Timeframe
from tickerplant.backfill.ask import Ask, Window, whole_bars
from tickerplant.backfill.progress import Progress

DAY = 20_000 * DAY_NS


def ask(timeframe: Timeframe | None, from_ns: int, to_ns: int, symbols: tuple[str, ...] = ("BTC-USDT",)) -> Ask:
    return Ask("binance", "binance-history", symbols, timeframe, Window(from_ns, to_ns))


def test_trades_go_day_by_day() -> None:
    noon = DAY + 12 * HOUR_NS
    assert ask(None, noon, noon + 2 * DAY_NS).windows() == [
        Window(noon, DAY + DAY_NS), Window(DAY + DAY_NS, DAY + 2 * DAY_NS), Window(DAY + 2 * DAY_NS, noon + 2 * DAY_NS),
    ]  # fmt: skip


@given(
    timeframe=st.sampled_from([None, *Timeframe]),
    from_ns=st.integers(0, 30_000 * DAY_NS),
    length_ns=st.integers(1, 900 * DAY_NS),
    later_ns=st.integers(0, 400 * DAY_NS),
)
def test_windows_cover_the_range_once_and_later_ranges_share_them(
    timeframe: Timeframe | None, from_ns: int, length_ns: int, later_ns: int
) -> None:
    windows = ask(timeframe, from_ns, from_ns + length_ns).windows()
    assert (windows[0].from_ns, windows[-1].to_ns) == (from_ns, from_ns + length_ns)
    assert all(before.to_ns == after.from_ns for before, after in pairwise(windows))
    longer = ask(timeframe, from_ns, from_ns + length_ns + later_ns).windows()
    assert longer[: len(windows) - 1] == windows[:-1]


def test_a_bar_that_is_not_over_is_left_out() -> None:
    span = Window(DAY, DAY + HOUR_NS + 7 * MINUTE_NS)
    assert whole_bars(Timeframe.M5, span) == Window(DAY, DAY + HOUR_NS + 5 * MINUTE_NS)
    assert whole_bars(None, span) == span


@pytest.mark.parametrize(("source", "past"), [("binance", "binance-bars"), ("binance-simulated", "binance-bars-simulated")])
def test_the_past_has_a_source_of_its_own(source: str, past: str) -> None:
    assert past_source(source, "bars") == past


def test_progress_is_a_plain_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    told: list[str] = []
    clock = ManualClock()
    both = ask(None, DAY, DAY + 2 * DAY_NS, ("BTC-USDT", "ETH-USDT"))
    progress = Progress(both, told.append, clock)
    first, second = both.windows()
    progress.fetched(first, "BTC-USDT", 1_000, DAY + DAY_NS // 2)
    progress.fetched(first, "BTC-USDT", 2_000, DAY + DAY_NS)
    progress.fetched(first, "ETH-USDT", 2_500, DAY + DAY_NS // 2)
    assert told == ["|##                  |  12% BTC-USDT fetched up to 2024-10-04T12:00:00, 1,000 trades"]
    clock.advance_s(6)
    progress.fetched(second, "ETH-USDT", 9_000, DAY + DAY_NS + DAY_NS // 2)
    progress.fetched(second, "ETH-USDT", 9_500, DAY + 2 * DAY_NS)
    progress.end()
    assert told[1:] == [
        "|#################   |  88% ETH-USDT fetched up to 2024-10-05T12:00:00, 9,000 trades",
        "|####################| 100% ETH-USDT fetched up to 2024-10-06T00:00:00, 9,500 trades",
    ]
