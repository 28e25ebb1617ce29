"""The pure parts of a polled provider: when to ask, what an outage becomes, how far event time has come, rows as bars."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ingestors.polling.event_time import EventTime
from ingestors.polling.outages import Asked, Outages
from ingestors.polling.rows import Row, Series, bars_of, local_ns, offset_ns, single_precision
from ingestors.polling.timetable import bars_from_ns, next_bar_ns, next_ticks_ns, open_symbols
from schemas.sessions import calendar_of
from schemas.timeframes import DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, Timeframe


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_NS


WEDNESDAY = ns("2024-01-10 15:00:30")
SATURDAY = ns("2024-01-13 12:00:00")
MONDAY_HOLIDAY_OVER = ns("2024-01-16 14:30:00")  # Monday the 15th was a holiday in New York


def test_ticks_are_asked_for_at_intervals_and_after_the_close_at_the_next_opening() -> None:
    assert next_ticks_ns(["AAPL"], WEDNESDAY, MINUTE_NS) == WEDNESDAY + MINUTE_NS
    assert next_ticks_ns(["AAPL"], SATURDAY, MINUTE_NS) == MONDAY_HOLIDAY_OVER
    assert next_ticks_ns(["AAPL", "BTC-USD"], SATURDAY, MINUTE_NS) == SATURDAY + MINUTE_NS
    assert open_symbols(["AAPL", "BTC-USD", "EUR-USD"], SATURDAY) == ["BTC-USD"]


@pytest.mark.parametrize(
    ("symbol", "timeframe", "now", "expected"),
    [
        ("AAPL", Timeframe.M1, "2024-01-10 15:00:30", "2024-01-10 15:01:20"),
        ("AAPL", Timeframe.M1, "2024-01-10 15:00:10", "2024-01-10 15:00:20"),  # the bar that has just closed is not final yet
        ("AAPL", Timeframe.H1, "2024-01-10 21:00:30", "2024-01-11 15:00:20"),  # 14:00 to 15:00 holds the opening
        ("AAPL", Timeframe.D1, "2024-01-10 15:00:30", "2024-01-10 21:00:20"),
        ("AAPL", Timeframe.D1, "2024-01-13 12:00:00", "2024-01-16 21:00:20"),
        ("BTC-USD", Timeframe.D1, "2024-01-13 12:00:00", "2024-01-14 00:00:20"),
    ],
)
def test_a_bar_is_asked_for_when_it_has_been_closed_for_long_enough(symbol: str, timeframe: Timeframe, now: str, expected: str) -> None:
    assert next_bar_ns(symbol, timeframe, ns(now), 20 * SECOND_NS) == ns(expected)


def test_a_question_for_bars_reaches_back_over_known_ones() -> None:
    now_ns = WEDNESDAY
    assert bars_from_ns("AAPL", Timeframe.M1, now_ns - MINUTE_NS, now_ns, 100, None) == now_ns - 11 * MINUTE_NS
    assert bars_from_ns("AAPL", Timeframe.M1, None, now_ns, 100, None) == now_ns - 5 * DAY_NS
    assert bars_from_ns("AAPL", Timeframe.H1, None, now_ns, 100, None) == now_ns - 600 * HOUR_NS
    assert bars_from_ns("AAPL", Timeframe.D1, None, now_ns, 100, None) == now_ns - 205 * DAY_NS
    assert bars_from_ns("I.SPX", Timeframe.D1, None, now_ns, 100, None) == now_ns - 205 * DAY_NS
    assert bars_from_ns("BTC-USD", Timeframe.D1, None, now_ns, 100, None) == now_ns - 100 * DAY_NS
    assert bars_from_ns("AAPL", Timeframe.M1, None, now_ns, 100, HOUR_NS) == now_ns - HOUR_NS


@pytest.mark.parametrize("number", [1, 5, 20])
def test_a_new_series_has_its_days_also_after_holidays(number: int) -> None:
    calendar = calendar_of("equity")
    for day in range(3 * 365):
        now_ns = WEDNESDAY + day * DAY_NS
        from_ns = bars_from_ns("AAPL", Timeframe.D1, None, now_ns, number, None)
        begun = [from_ns + at * DAY_NS for at in range(1, (now_ns - from_ns) // DAY_NS)]  # a day of them begins and ends in the time
        assert sum(calendar.is_open(at_ns) for at_ns in begun) >= number


def test_an_outage_is_told_once_it_is_long_and_again_when_it_is_over() -> None:
    outages, bar, quote = Outages("polled", 60, ()), Asked("AAPL", "bar", "1m"), Asked("AAPL", "quote")
    assert outages.answered(bar, 100, 1) is None
    assert outages.failed(bar, 120) is None
    told = outages.failed(bar, 160)
    assert told is not None
    assert (told.gap_id, told.state, told.from_ns) == ("polled:AAPL:bar:1m:silence:100", "open", 100)
    assert outages.failed(bar, 400) is None
    assert (outages.failing(bar), outages.failing(quote), outages.open()) == (True, False, [bar])
    again = Outages("polled", 60, [told])  # a restart
    for one in (outages, again):
        over = one.answered(bar, 500, 7)
        assert over is not None
        assert (over.gap_id, over.state, over.filled, over.to_ns) == (told.gap_id, "filled", 7, 500)
        assert one.open() == []
    outages.failed(quote, 500)
    assert outages.failed(quote, 600) is not None
    over = outages.answered(quote, 700, 0)
    assert over is not None
    assert over.state == "unfillable"
    outages.failed(quote, 800)
    outages.failed(quote, 900)
    outages.forget(["AAPL"])
    assert outages.open() == []


def test_event_time_waits_for_the_symbol_that_was_asked_the_longest_ago_and_never_goes_back() -> None:
    time = EventTime(10)
    time.answered("A", 100)
    assert time.reached(["A", "B"], 100) is None  # B never answered
    time.answered("B", 90)
    assert time.reached(["A", "B"], 110) == 80
    assert time.reached(["A", "B"], 120) is None
    assert time.reached(["A"], 120) == 90
    time.forget(["A"])
    assert time.reached([], 130) == 120


def test_rows_of_days_are_the_calendars_sessions_whatever_hour_they_are_stamped_with() -> None:
    day = Row(ns("2024-01-10 00:00:00"), "1", "2", "1", "2", "10")
    [equity] = bars_of([day], Series("AAPL", "polled", Timeframe.D1), 5)
    assert (equity.ts_open_ns, equity.ts_close_ns) == (ns("2024-01-10 14:30:00"), ns("2024-01-10 21:00:00"))
    [fx] = bars_of([day], Series("EUR-USD", "polled", Timeframe.D1), 5)
    assert (fx.ts_open_ns, fx.ts_close_ns) == (ns("2024-01-09 22:00:00"), ns("2024-01-10 22:00:00"))
    [crypto] = bars_of([day], Series("BTC-USD", "polled", Timeframe.D1), 5)
    assert crypto.ts_close_ns - crypto.ts_open_ns == DAY_NS
    [holiday] = bars_of([Row(ns("2024-01-15 00:00:00"), "1", "2", "1", "2")], Series("VOD.L", "polled", Timeframe.D1), 5)
    assert holiday.ts_open_ns == ns("2024-01-15 00:00:00")  # another exchange's day


def test_what_a_provider_does_not_say_follows_from_what_it_says() -> None:
    series = Series("BTC-USD", "polled", Timeframe.M1)
    row = Row(0, "1", "3", "1", "2", "4")
    [plain, mean, turnover] = bars_of([row, row._replace(vwap="2.5"), row._replace(quote_volume="9")], series, 5)
    assert (plain.quote_volume, plain.vwap, plain.known_at_ns) == ("0", "2", 5)
    assert (mean.quote_volume, turnover.vwap) == ("10", "2.25")
    [odd] = bars_of([row._replace(volume="many", quote_volume="9")], series, 5)
    assert (odd.volume, odd.vwap) == ("many", "2")  # refused by name where bars are checked


@pytest.mark.parametrize(
    ("text", "expected"),
    [("187.6999969482422", "187.7"), ("0.14550000429153442", "0.1455"), ("187.7", "187.7"), ("67187.3359375", "67187.34"), ("nan", "nan")],
)
def test_noise_of_single_precision(text: str, expected: str) -> None:
    assert single_precision(text) == expected


def test_times_with_and_without_a_zone() -> None:
    new_york = ZoneInfo("America/New_York")
    assert local_ns("2024-01-02 15:59:00", new_york) == ns("2024-01-02 20:59:00")
    assert local_ns("2024-07-02 15:59:00", new_york) == ns("2024-07-02 19:59:00")
    assert local_ns("2024-07-02", new_york) == ns("2024-07-02 00:00:00")
    assert offset_ns("2019-05-01T00:00:00.000123+02:00") == ns("2019-04-30 22:00:00") + 123_000
    assert offset_ns("2018-01-02T14:30:00.000Z") == ns("2018-01-02 14:30:00")
    with pytest.raises(ValueError, match="its zone"):
        offset_ns("2019-05-01T00:00:00")
