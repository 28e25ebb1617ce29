"""Closing, rolling up and correcting, by hand. Grace is 1 s unless a test says otherwise."""

from decimal import Decimal, localcontext

import pytest

from processors.bars.builder import BarBuilder
from processors.bars.exact import EXACT
from processors.bars.series import HISTORY_BARS, BarSeries
from schemas.bars import Bar
from schemas.ticks import Trade
from schemas.timeframes import SECOND_NS, Timeframe
from tests.unit.processors.inputs import T0_NS, trade

GRACE_NS = SECOND_NS


class Bench:
    """A builder with one series."""

    def __init__(self, *timeframes: Timeframe, grace_ns: int = GRACE_NS) -> None:
        self.builder = BarBuilder(timeframes or (Timeframe.M1,), grace_ns)
        self.series: BarSeries = self.builder.new_series("BTC-USDT", "binance", 0)

    def take(self, *trades: Trade, source_watermark_ns: int = 0) -> list[Bar]:
        self.builder.emitted = []
        with localcontext(EXACT):
            for one in trades:
                assert self.builder.take(self.series, one, Decimal(one.price), Decimal(one.size), source_watermark_ns)
        return self.builder.emitted

    def advance(self, at_s: float) -> list[Bar]:
        self.builder.emitted = []
        with localcontext(EXACT):
            self.builder.advance(self.series, T0_NS + round(at_s * SECOND_NS), 77)
        return self.builder.emitted


def brief(bars: list[Bar]) -> list[tuple[str, int, str, int]]:
    """timeframe, opening in seconds after T0, kind, revision."""
    return [(bar.timeframe, (bar.ts_open_ns - T0_NS) // SECOND_NS, bar.kind, bar.revision) for bar in bars]


def test_a_bar_closes_when_the_watermark_reaches_its_end_and_the_grace() -> None:
    bench = Bench()
    assert bench.take(trade(1, 10), trade(2, 60.999)) == []
    assert bench.advance(60.999_999) == []
    (bar,) = bench.advance(61)
    assert (bar.ts_open_ns, bar.ts_close_ns, bar.known_at_ns) == (T0_NS, T0_NS + 60 * SECOND_NS, 77)


def test_the_trade_that_closes_a_bar_tells_when_that_was_known() -> None:
    bench = Bench()
    (bar,) = bench.take(trade(1, 10, "100.50", "0.5"), trade(2, 20, "102", "1.50"), trade(3, 61, "90"))
    assert (bar.open, bar.high, bar.low, bar.close) == ("100.5", "102", "100.5", "102")
    assert (bar.volume, bar.quote_volume, bar.vwap, bar.trade_count) == ("2", "203.25", "101.625", 2)
    assert bar.known_at_ns == trade(3, 61).ts_ingest_ns


def test_the_first_interval_of_a_series_is_incomplete_and_scored_by_what_was_seen_of_it() -> None:
    bench = Bench()
    first, second = bench.take(trade(1, 15), trade(2, 70), trade(3, 200))
    assert (first.kind, first.quality, first.reasons) == ("incomplete", 0.75, ("partial_interval",))
    assert (second.kind, second.quality, second.reasons) == ("final", 1.0, ())


def test_first_is_the_smallest_event_time_not_the_first_to_arrive() -> None:
    bench = Bench()
    bars = bench.take(trade(2, 60.5), trade(1, 59.5), trade(3, 200))
    assert [(bar.kind, bar.quality) for bar in bars] == [("incomplete", round(0.5 / 60, 6)), ("final", 1.0)]


def test_a_trade_after_a_hole_makes_the_bar_incomplete() -> None:
    bench = Bench()
    _, bar = bench.take(trade(1, 0), trade(2, 70), trade(4, 80, quality=0.7, reasons=("sequence_gap",)), trade(5, 200))
    assert (bar.kind, bar.quality, bar.reasons) == ("incomplete", 0.85, ("sequence_gap",))


def test_intervals_without_trades_have_no_bar() -> None:
    assert brief(Bench().take(trade(1, 0), trade(2, 200), trade(3, 400))) == [("1m", 0, "incomplete", 0), ("1m", 180, "final", 0)]


def test_longer_bars_take_closed_minutes_and_close_after_them() -> None:
    bench = Bench(Timeframe.M5, Timeframe.M15)
    bars = bench.take(*(trade(number, 60 * number + 1, str(100 + number), "2") for number in range(17)))
    five = [("1m", 1)] * 5 + [("5m", 5)]
    assert [(bar.timeframe, bar.trade_count) for bar in bars] == five * 3 + [("15m", 15), ("1m", 1)]
    long = bars[-2]
    assert (long.open, long.high, long.low, long.close, long.volume) == ("100", "114", "100", "114", "30")
    assert (long.quote_volume, long.vwap) == ("3210", "107")


def test_a_longer_bar_weighs_its_minutes_alike() -> None:
    bench = Bench(Timeframe.M5)
    odd = {"quality": 0.7, "reasons": ("sequence_gap",)}
    # minutes of score 1, (1 + 1 + 0.7) / 3 = 0.9 and 0.7; the series' first bar was another one
    trades = [trade(1, 0), trade(2, 300), trade(3, 361), trade(4, 362), trade(5, 363, **odd), trade(6, 425, **odd)]
    bar = next(bar for bar in bench.take(*trades) + bench.advance(700) if bar.timeframe == "5m" and bar.ts_open_ns > T0_NS)
    assert (bar.quality, bar.kind, bar.reasons) == (round((1 + 0.9 + 0.7) / 3, 6), "incomplete", ("sequence_gap",))


def test_a_late_trade_corrects_the_closed_minute_and_what_lies_over_it() -> None:
    bench = Bench(Timeframe.M5, Timeframe.H1)
    bench.take(trade(1, 10, "100"), trade(2, 30, "105"), trade(3, 70, "103"))
    bench.advance(301)
    late = trade(4, 40, "110.0", "3", ts_ingest_ns=T0_NS + 400 * SECOND_NS, quality=0.9, reasons=("out_of_order",))
    bars = bench.take(late)
    assert brief(bars) == [("1m", 0, "corrected", 1), ("5m", 0, "corrected", 1)]
    minute, five = bars
    assert (minute.open, minute.high, minute.close, minute.volume, minute.trade_count) == ("100", "110", "110", "5", 3)
    assert (five.high, five.close, five.volume, five.trade_count, five.known_at_ns) == ("110", "103", "6", 4, late.ts_ingest_ns)
    assert minute.reasons == ("out_of_order", "partial_interval")
    assert minute.quality == round((2.9 / 3) * (50 / 60), 6)
    assert five.quality == round(((2.9 / 3 + 1) / 2) * (290 / 300), 6)
    hour = bench.advance(3601)[-1]
    assert (hour.timeframe, hour.kind, hour.revision, hour.high, hour.volume, hour.trade_count) == ("1h", "incomplete", 0, "110", "6", 4)


def test_revisions_count_up() -> None:
    bench = Bench()
    bench.take(trade(1, 10), trade(2, 70))
    assert [brief(bench.take(trade(number, 20))) for number in (3, 4)] == [[("1m", 0, "corrected", 1)], [("1m", 0, "corrected", 2)]]


def test_a_late_trade_in_an_empty_interval_makes_its_bar_at_once() -> None:
    bench = Bench(Timeframe.M5)
    bench.take(trade(1, 10), trade(2, 400))
    assert brief(bench.take(trade(3, 130))) == [("1m", 120, "final", 0), ("5m", 0, "corrected", 1)]
    assert brief(bench.take(trade(4, 131))) == [("1m", 120, "corrected", 1), ("5m", 0, "corrected", 2)]


def test_a_late_trade_before_the_first_one_takes_its_place() -> None:
    bench = Bench(Timeframe.M5)
    assert brief(bench.take(trade(2, 650), trade(3, 1000))) == [("1m", 600, "incomplete", 0), ("5m", 600, "incomplete", 0)]
    bars = bench.take(trade(1, 130))
    assert brief(bars) == [
        ("1m", 120, "incomplete", 0),
        ("1m", 600, "corrected", 1),
        ("5m", 600, "corrected", 1),
        ("5m", 0, "incomplete", 0),
    ]
    assert [(bar.quality, bar.reasons) for bar in bars[1:3]] == [(1.0, ()), (1.0, ())]
    assert bars[0].quality == round(50 / 60, 6)


def test_a_late_trade_in_the_first_bar_extends_what_was_seen_of_it() -> None:
    bench = Bench()
    bench.take(trade(2, 30), trade(3, 100))
    (bar,) = bench.take(trade(1, 15))
    assert (bar.kind, bar.quality, bar.reasons) == ("corrected", 0.75, ("partial_interval",))


def test_older_than_the_history_is_refused_and_changes_nothing() -> None:
    bench = Bench(*Timeframe)
    bench.take(*(trade(number, 60 * number + 1) for number in range(HISTORY_BARS + 3)))
    minutes = bench.series.minutes
    assert len(minutes.closed_from(0)) == HISTORY_BARS
    before = minutes.closed_from(0)[0].fold.count
    with localcontext(EXACT):
        assert not bench.builder.take(bench.series, trade(999, 60), Decimal(1), Decimal(1), 0)
    assert minutes.closed_from(0)[0].fold.count == before
    oldest_s = (minutes.oldest().ts_open_ns - T0_NS) / SECOND_NS
    bars = bench.take(trade(1000, oldest_s + 2, "500"))
    assert brief(bars) == [
        (timeframe, oldest_s // (60 * minutes) * 60 * minutes, "corrected", 1)
        for timeframe, minutes in (("1m", 1), ("5m", 5), ("15m", 15), ("30m", 30), ("1h", 60))
    ]


def test_only_bars_that_can_still_be_corrected_are_kept() -> None:
    bench = Bench(*Timeframe)
    bench.take(*(trade(number, 60 * number + 1) for number in range(3000)))
    kept = {timeframe.value: timeline.kept for timeframe, timeline in bench.series.longer.items()}
    # 2,999 closed minutes: the oldest of the last 64 opens at minute 2,935, which lies in the 5m bar of 2,935, the 15m bar of 2,925, ...
    assert {name: count for name, count in kept.items() if count} == {"5m": 12, "15m": 4, "30m": 2, "1h": 1}


def test_several_intervals_are_open_within_a_long_grace() -> None:
    bench = Bench(grace_ns=300 * SECOND_NS)
    assert bench.take(trade(1, 200), trade(2, 130), trade(3, 10), trade(4, 359)) == []
    assert brief(bench.advance(420)) == [("1m", 0, "incomplete", 0)]
    assert brief(bench.advance(1000)) == [("1m", 120, "final", 0), ("1m", 180, "final", 0), ("1m", 300, "final", 0)]


def test_without_grace_the_first_trade_of_the_next_interval_closes() -> None:
    assert brief(Bench(grace_ns=0).take(trade(1, 59), trade(2, 60))) == [("1m", 0, "incomplete", 0)]


def test_a_watermark_from_before_the_series_does_not_close_its_bars() -> None:
    bench = Bench()
    bench.series = bench.builder.new_series("NEW-USDT", "binance", T0_NS + 500 * SECOND_NS)
    assert bench.take(trade(1, 10), trade(2, 20), source_watermark_ns=T0_NS + 500 * SECOND_NS) == []
    (bar,) = bench.advance(500.25)
    assert bar.trade_count == 2
    assert brief(bench.take(trade(3, 30), source_watermark_ns=T0_NS + round(500.25 * SECOND_NS))) == [("1m", 0, "corrected", 1)]


@pytest.mark.parametrize(("timeframe", "seconds"), [(Timeframe.D1, 86_400), (Timeframe.W1, 7 * 86_400), (Timeframe.MN1, 31 * 86_400)])
def test_long_timeframes_close_at_their_calendar_end(timeframe: Timeframe, seconds: int) -> None:
    bench = Bench(timeframe)
    bench.take(trade(1, 0))
    assert [bar.timeframe for bar in bench.advance(seconds)] == ["1m"]
    (bar,) = bench.advance(seconds + 1)
    assert (bar.timeframe, bar.ts_open_ns, bar.ts_close_ns) == (timeframe, T0_NS, T0_NS + seconds * SECOND_NS)


def test_changed_timeframes_keep_the_others() -> None:
    bench = Bench(Timeframe.M5)
    bench.take(trade(1, 10))
    other = BarBuilder((Timeframe.M15, Timeframe.M5), GRACE_NS)
    other.adopt(bench.series)
    assert list(bench.series.longer) == [Timeframe.M5, Timeframe.M15]
    bench.builder = other
    assert [bar.timeframe for bar in bench.advance(901)] == ["1m", "5m", "15m"]
