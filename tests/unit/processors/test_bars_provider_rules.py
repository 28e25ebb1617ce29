"""Provider bars: every defect in the recorded Yahoo data is found under its reason, and the corrected versions pass."""

import csv
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from processors.bars.provider_rules import Actions, Finding, findings, missing, of_bar
from schemas.bars import Bar
from schemas.reasons import Reason
from schemas.sessions import calendar_of
from schemas.timeframes import DAY_NS

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "data" / "yfinance"
needs_yahoo = pytest.mark.skipif(not FOLDER.is_dir() and not os.environ.get("CI"), reason=f"the recorded Yahoo data is not at {FOLDER}")

SCALE, SPLIT, OHLC, UNADJUSTED = Reason.PRICE_SCALE, Reason.SPLIT_SUSPECTED, Reason.OHLC_VIOLATION, Reason.ADJUSTMENT_MISSING
# Yahoo's own defects in SSW-JO (an open above the high, or below the low), which the corrected version still has.
SSW_LEFT = [("2023-05-02", OHLC), ("2023-05-10", OHLC), ("2023-05-19", OHLC), ("2023-05-23", OHLC)]
DEFECTS = {
    "4063-T-1d-bad-stock-split": [("2023-03-29", SPLIT)],
    "8TRA-DE-1d-missing-div-adjust": [("2023-06-02", UNADJUSTED)],
    "AET-L-1d-100x-error": [("2022-05-09", SCALE), ("2022-05-20", SCALE)],
    "ALPHA-PA-1d-bad-stock-split": [("2023-05-08", SPLIT), ("2023-05-09", SPLIT)],
    "ASAI-L-1h-bad-unit": [("2024-10-24", SCALE), ("2024-10-24", SCALE), ("2024-10-25", SCALE)],
    "DEX-AX-1d-bad-stock-split": [("2023-05-22", SPLIT)],
    "LA-V-1d-bad-stock-split": [("2020-08-26", SPLIT), ("2020-08-27", SPLIT)],
    "MOB-ST-1d-bad-stock-split": [("2023-05-22", SPLIT), ("2023-05-23", SPLIT)],
    "SPM-MI-1d-bad-stock-split": [("2022-06-20", SPLIT)],
    "SSW-JO-1d-100x-error": sorted([*SSW_LEFT, ("2023-06-01", SCALE)]),
}


class Yahoo(NamedTuple):
    bars: list[Bar]
    actions: Actions
    days: dict[int, str]

    def told(self) -> list[tuple[str, Reason]]:
        return [(self.days[one.ts_open_ns], one.reason) for one in findings(self.bars, self.actions)]


def read(name: str) -> Yahoo:
    """A file of Yahoo's columns; numbers as they stand there, newest first or last."""
    with (FOLDER / f"{name}.csv").open() as lines:
        rows = list(csv.DictReader(lines))
    column = "Date" if "Date" in rows[0] else "Datetime"
    by_time = {int(datetime.fromisoformat(row[column]).timestamp()) * 10**9: row for row in rows}
    bars = [bar_of(opens, *(row[field] for field in ("Open", "High", "Low", "Close"))) for opens, row in sorted(by_time.items())]
    return Yahoo(
        bars,
        Actions(*(_numbers(by_time, field) for field in ("Stock Splits", "Dividends", "Adj Close"))),
        {o: r[column][:10] for o, r in by_time.items()},
    )


def _numbers(rows: dict[int, dict[str, str]], field: str) -> dict[int, Decimal]:
    return {opens: Decimal(row[field]) for opens, row in rows.items() if Decimal(row[field])}


def bar_of(opens: int, first: str, high: str, low: str, close: str) -> Bar:
    return Bar("AAPL", "yahoo", "1d", opens, opens + DAY_NS, first, high, low, close, "1", "1", "1", 0, "provider", 0, 1.0, (), opens)


def flat(*closes: str) -> list[Bar]:
    return [bar_of(number * DAY_NS, close, close, close, close) for number, close in enumerate(closes)]


def told(bars: list[Bar], actions: Actions | None = None) -> list[tuple[int, Reason]]:
    return [(one.ts_open_ns // DAY_NS, one.reason) for one in findings(bars, actions)]


@needs_yahoo
@pytest.mark.parametrize("name", DEFECTS)
def test_each_recorded_defect_is_found_under_its_reason(name: str) -> None:
    assert sorted(read(name).told()) == DEFECTS[name]


@needs_yahoo
@pytest.mark.parametrize("name", DEFECTS)
def test_the_corrected_version_passes(name: str) -> None:
    assert read(f"{name}-fixed").told() == (SSW_LEFT if name.startswith("SSW") else [])


@needs_yahoo
def test_a_clean_file_with_a_dividend_and_extended_hours_passes() -> None:
    assert read("EA-15m-no-bad-divs").told() == []


@needs_yahoo
def test_a_row_that_is_missing_is_found() -> None:
    """Xetra was open on Thursday 2023-06-01; neither version of the file has that day."""
    for name in ("8TRA-DE-1d-missing-div-adjust", "8TRA-DE-1d-missing-div-adjust-fixed"):
        bars = read(name).bars
        weekdays = [bars[0].ts_open_ns + days * DAY_NS for days in (0, 1, 2, 3, 6, 7)]
        (found,) = missing(bars, weekdays)
        assert (datetime.fromtimestamp(found.ts_open_ns // 10**9 + 7200, UTC).date().isoformat(), found.reason) == (
            "2023-06-01",
            Reason.MISSING_INTERVAL,
        )


def test_by_the_exchange_s_calendar_a_holiday_is_not_missing() -> None:
    calendar = calendar_of("equity")
    noons = [int(datetime(2024, 7, 1, 15, tzinfo=UTC).timestamp()) * 10**9 + day * DAY_NS for day in range(8)]
    opens = [interval[0] for noon in noons if (interval := calendar.day_interval(noon))]
    dates = [datetime.fromtimestamp(one // 10**9, UTC).day for one in opens]
    assert dates == [1, 2, 3, 5, 8]  # the 4th is a holiday, 6 and 7 a weekend
    bars = [bar_of(one, "1", "1", "1", "1") for one in opens]
    assert missing(bars, opens) == []
    assert [one.ts_open_ns for one in missing([*bars[:1], *bars[2:]], opens)] == [opens[1]]
    assert missing(bars[:1], opens) == []  # after the last bar nothing is missing yet
    assert missing([], opens) == []


@pytest.mark.parametrize(
    ("prices", "reasons"),
    [
        (("10", "11", "9", "10.5"), []),
        (("10", "10", "10", "10"), []),
        (("12", "11", "9", "10"), [OHLC]),
        (("8", "11", "9", "8"), [OHLC, OHLC]),
        (("10", "9", "11", "10"), [OHLC, OHLC]),
        (("0", "11", "0", "10"), [Reason.NON_POSITIVE_PRICE]),
        (("10", "11", "-9", "10"), [Reason.NON_POSITIVE_PRICE]),
        (("58.5", "61.5", "0.6", "0.6"), [SCALE]),
        (("58.5", "61.5", "5.8", "6"), []),
    ],
)
def test_a_bar_by_itself(prices: tuple[str, str, str, str], reasons: list[Reason]) -> None:
    assert [one.reason for one in of_bar(bar_of(0, *prices))] == reasons


def test_a_bar_without_a_price_breaks_no_steps() -> None:
    assert told(flat("10", "0", "10")) == [(1, Reason.NON_POSITIVE_PRICE)]


def test_steps_of_a_hundred_are_a_matter_of_scale_and_others_of_the_market() -> None:
    assert told(flat("14.55", "0.1455", "0.15", "14.6")) == [(1, SCALE), (3, SCALE)]
    assert told(flat("100", "50", "160", "40", "4")) == []


def test_a_split_that_is_adjusted_for_leaves_no_step() -> None:
    split = Actions(splits={2 * DAY_NS: Decimal(5)})
    assert told(flat("20", "20.5", "21", "20.8"), split) == []
    assert told(flat("100", "101", "20.2", "20.8"), split) == [(2, SPLIT)]
    assert told(flat("100", "20", "20.2", "20.8"), split) == [(1, SPLIT)]


def test_unadjusted_prices_step_at_the_split_and_nowhere_else() -> None:
    split = Actions(splits={2 * DAY_NS: Decimal(5)}, splits_adjusted=False)
    assert told(flat("100", "101", "20.2", "20.8"), split) == []
    assert told(flat("100", "20", "20.2", "20.8"), split) == [(1, SPLIT)]
    assert told(flat("20", "21", "105", "104"), split) == [(2, SPLIT)]  # the wrong way
    hundred = Actions(splits={DAY_NS: Decimal(100)}, splits_adjusted=False)
    assert told(flat("1000", "10"), hundred) == []


def test_dividends_are_taken_off_the_closes_before_them() -> None:
    bars, dividends = flat("20", "20", "19"), {2 * DAY_NS: Decimal(1)}
    right = {0: Decimal(19), DAY_NS: Decimal(19), 2 * DAY_NS: Decimal(19)}
    wrong = {0: Decimal(20), DAY_NS: Decimal(20), 2 * DAY_NS: Decimal(19)}
    assert told(bars, Actions(dividends=dividends, adjusted_closes=right)) == []
    assert told(bars, Actions(dividends=dividends, adjusted_closes=wrong)) == [(2, UNADJUSTED)]
    assert told(bars, Actions(dividends=dividends)) == []  # nothing to judge by


def test_a_finding_says_what_was_found() -> None:
    assert findings(flat("14.55", "0.1455")) == [Finding(DAY_NS, SCALE, "the close goes from 14.55 to 0.1455, a factor of about 100")]
