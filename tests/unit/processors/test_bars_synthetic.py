"""Bars of intervals without trades, for symbols whose policy asks for them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from processors.bars.core import BarsCore
from processors.bars.synthetic import SYNTHETIC_BARS
from runtime.settings import ProcessSettings
from runtime.stage import Output
from schemas.bars import Bar
from schemas.ticks import Tick
from schemas.timeframes import SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, events, final_bars, quote, run, ticks_record, trade, watermark_record

Brief = tuple[str, int, str, str, int]  # timeframe, opening in minutes after T0, kind, close, revision


class Bench:
    """A core whose symbols all get synthetic bars, and what it gave."""

    def __init__(self, *timeframes: Timeframe) -> None:
        self._settings = ProcessSettings(timeframes=timeframes or (Timeframe.M1,), synthetic_bars=("*",))
        self.core = BarsCore(self._settings)
        self.all: list[Output] = []

    def take(self, *ticks: Tick) -> list[Brief]:
        return self._brief(run(self.core, [ticks_record(ticks, topic=Topic.TICKS)]))

    def advance(self, at_s: float) -> list[Brief]:
        return self._brief(run(self.core, [watermark_record(at_s)]))

    def restart(self) -> None:
        state, self.core = self.core.snapshot(), BarsCore(self._settings)
        self.core.restore(state)

    def _brief(self, outputs: list[Output]) -> list[Brief]:
        self.all += outputs
        bars: list[Bar] = events(outputs, Topic.BARS)
        return [(bar.timeframe, (bar.ts_open_ns - T0_NS) // (60 * SECOND_NS), bar.kind, bar.close, bar.revision) for bar in bars]


def test_an_empty_minute_repeats_the_last_close() -> None:
    bench = Bench()
    bench.take(trade(1, 10, "100"), trade(2, 30, "105.50"))
    bench.advance(61)
    assert bench.advance(120.999) == []
    assert bench.advance(121) == [("1m", 1, "synthetic", "105.5", 0)]
    bar = final_bars(bench.all)["BTC-USDT", "binance", "1m", T0_NS + 60 * SECOND_NS]
    assert (bar.open, bar.high, bar.low, bar.close, bar.vwap) == ("105.5",) * 5
    assert (bar.volume, bar.quote_volume, bar.trade_count, bar.quality, bar.reasons) == ("0", "0", 0, 0.0, ())


def test_the_next_trade_closes_the_empty_minutes_before_it() -> None:
    bench = Bench()
    assert bench.take(trade(1, 10, "100"), trade(2, 200, "90")) == [
        ("1m", 0, "incomplete", "100", 0),
        ("1m", 1, "synthetic", "100", 0),
        ("1m", 2, "synthetic", "100", 0),
    ]
    assert bench.advance(361) == [("1m", 3, "final", "90", 0), ("1m", 4, "synthetic", "90", 0), ("1m", 5, "synthetic", "90", 0)]


def test_longer_bars_are_of_trades_alone_and_synthetic_only_without_any() -> None:
    bench = Bench(Timeframe.M5)
    briefs = bench.take(trade(1, 250, "100", quality=0.9, reasons=("late",)), trade(2, 310, "90", quality=0.7, reasons=("sequence_gap",)))
    longer = [brief for brief in briefs + bench.advance(901) if brief[0] == "5m"]
    assert longer == [("5m", 0, "incomplete", "100", 0), ("5m", 5, "incomplete", "90", 0), ("5m", 10, "synthetic", "90", 0)]
    five = final_bars(bench.all)["BTC-USDT", "binance", "5m", T0_NS + 300 * SECOND_NS]
    assert (five.quality, five.trade_count, five.reasons) == (0.7, 1, ("sequence_gap",))  # the four synthetic minutes have no score


def test_a_late_trade_takes_the_place_of_a_synthetic_bar_and_moves_those_after_it() -> None:
    bench = Bench(Timeframe.M5)
    bench.take(trade(1, 10, "100"))
    bench.advance(661)
    assert bench.take(trade(2, 310, "80")) == [
        ("1m", 5, "corrected", "80", 1),
        *[("1m", minute, "synthetic", "80", 1) for minute in (6, 7, 8, 9, 10)],
        ("5m", 5, "corrected", "80", 1),
    ]
    assert bench.take(trade(3, 320, "85")) == [
        ("1m", 5, "corrected", "85", 2),
        *[("1m", minute, "synthetic", "85", 2) for minute in (6, 7, 8, 9, 10)],
        ("5m", 5, "corrected", "85", 2),
    ]
    assert bench.take(trade(4, 315, "99")) == [("1m", 5, "corrected", "85", 3), ("5m", 5, "corrected", "85", 3)]
    assert bench.advance(901)[-1] == ("5m", 10, "synthetic", "85", 0)


def test_a_late_trade_in_a_synthetic_minute_of_an_open_longer_bar() -> None:
    bench = Bench(Timeframe.M5)
    bench.take(trade(1, 10, "100"))
    bench.advance(421)  # minutes 5 and 6 are synthetic, the second 5m bar has no trade yet
    assert bench.take(trade(2, 310, "80"))[0] == ("1m", 5, "corrected", "80", 1)
    assert bench.advance(601)[-1] == ("5m", 5, "final", "80", 0)


def test_a_long_silence_ends_in_a_bounded_number_of_bars() -> None:
    bench = Bench(*Timeframe)
    bench.take(trade(1, 10))
    briefs = bench.advance(400 * 86_400)
    empty = [name for name, _, kind, _, _ in briefs if kind == "synthetic"]
    assert empty.count("1m") == empty.count("1d") == SYNTHETIC_BARS
    assert len(empty) <= len(Timeframe) * SYNTHETIC_BARS
    assert bench.advance(401 * 86_400) == []
    bench.take(trade(2, 402 * 86_400))
    assert ("1m", 402 * 1440 + 1, "synthetic", "100", 0) in bench.advance(402 * 86_400 + 121)


def test_the_silence_of_a_closed_market_has_no_bars() -> None:
    bench = Bench(Timeframe.M1, Timeframe.D1)
    friday = _new_york("2024-07-05 15:58")
    bench.take(trade(1, symbol="AAPL", ts_event_ns=friday, ts_ingest_ns=friday))
    bench.advance((_new_york("2024-07-08 09:31:01") - T0_NS) / SECOND_NS)
    opens = [(timeframe, ts_open_ns) for _, _, timeframe, ts_open_ns in final_bars(bench.all)]
    minutes = ["2024-07-05 15:58", "2024-07-05 15:59", "2024-07-08 09:30"]
    assert [ns for name, ns in opens if name == "1m"] == [_new_york(minute) for minute in minutes]
    assert [ns for name, ns in opens if name == "1d"] == [_new_york("2024-07-05 09:30")]


def _new_york(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York")).timestamp()) * SECOND_NS


def test_a_quoted_market_stands_still_on_both_sides() -> None:
    bench = Bench()
    at_ns = _new_york("2024-07-04 12:00")
    bench.take(quote(1, "1.08", "1.09", "EUR-USD", ts_event_ns=at_ns, ts_ingest_ns=at_ns))
    bench.advance((at_ns - T0_NS) / SECOND_NS + 121)
    bar = events(bench.all, Topic.BARS)[-1]
    assert (bar.kind, bar.close, bar.quote_count, bar.price_basis) == ("synthetic", "1.085", 0, "mid")
    assert (bar.sides.bid_open, bar.sides.bid_high, bar.sides.ask_low, bar.sides.ask_close) == ("1.08", "1.08", "1.09", "1.09")


def test_nothing_before_the_first_trade() -> None:
    bench = Bench()
    assert bench.advance(600) == []
    bench.take(trade(1, 700))
    assert bench.advance(800)[0][:3] == ("1m", 11, "incomplete")


@pytest.mark.parametrize("symbols", [(), ("ETH-USDT",)])
def test_other_symbols_get_none(symbols: tuple[str, ...]) -> None:
    core = BarsCore(ProcessSettings(timeframes=(Timeframe.M1,), synthetic_bars=symbols))
    outputs = run(core, [ticks_record([trade(1, 10), trade(2, 300)], topic=Topic.TICKS), watermark_record(1000, 1)])
    assert [bar.kind for bar in events(outputs, Topic.BARS)] == ["incomplete", "final"]


def test_a_restart_anywhere_goes_on_exactly() -> None:
    def outputs(restarts: bool) -> list[Output]:
        bench = Bench(Timeframe.M5, Timeframe.H1, Timeframe.D1)
        for step in range(40):
            bench.take(trade(step, 400 * (step % 7) + 90 * step, str(100 + step)))
            bench.advance(400 * step)
            if restarts:
                bench.restart()
        return bench.all

    assert outputs(restarts=True) == outputs(restarts=False)
