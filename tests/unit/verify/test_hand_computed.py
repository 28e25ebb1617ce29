"""The audit's own arithmetic against numbers worked out by hand: it is the oracle of all else."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest

from schemas.ticks import Trade
from tests.table_rows import trade_row
from tickerplant.verify.bars import ExpectedBar, expected_bars, vwap
from tickerplant.verify.definitions import calculate
from tickerplant.verify.formula import Columns
from tickerplant.verify.holes import Holes, is_covered
from tickerplant.verify.intervals import interval, text
from tickerplant.verify.minutes import Minutes
from tickerplant.verify.pairs import paired
from tickerplant.verify.parameters import Parameters
from tickerplant.verify.report import Difference, Report, show
from tickerplant.verify.scores import quality
from tickerplant.verify.signals import decide, votes

NS = 1_000_000_000
EQUAL = {"macd": 1 / 3, "rsi": 1 / 3, "momentum": 1 / 3}
WARM = {"macd": True, "rsi": True, "momentum": True}


def flat(closes: list[float]) -> Columns:
    close = np.array(closes)
    return Columns(close, close, close, close, np.ones(len(close)), np.arange(len(close)))


def parameters(**changes: object) -> Parameters:
    given = {
        "timeframes": ("1m", "5m", "1h"),
        "grace_ns": NS,
        "rsi_period": 2,
        "macd_fast": 2,
        "macd_slow": 3,
        "macd_signal": 2,
        "momentum_period": 1,
        "weights": EQUAL,
        "resolution": "hierarchy",
        "minimum_quality": 0.5,
    }
    return Parameters(**{**given, **changes})  # type: ignore[arg-type]


def at(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * NS


@pytest.mark.parametrize(
    ("timeframe", "opens", "closes"),
    [
        ("1m", "2024-02-29T13:47:00", "2024-02-29T13:48:00"),
        ("5m", "2024-02-29T13:45:00", "2024-02-29T13:50:00"),
        ("15m", "2024-02-29T13:45:00", "2024-02-29T14:00:00"),
        ("30m", "2024-02-29T13:30:00", "2024-02-29T14:00:00"),
        ("1h", "2024-02-29T13:00:00", "2024-02-29T14:00:00"),
        ("2h", "2024-02-29T12:00:00", "2024-02-29T14:00:00"),
        ("4h", "2024-02-29T12:00:00", "2024-02-29T16:00:00"),
        ("6h", "2024-02-29T12:00:00", "2024-02-29T18:00:00"),
        ("8h", "2024-02-29T08:00:00", "2024-02-29T16:00:00"),
        ("12h", "2024-02-29T12:00:00", "2024-03-01T00:00:00"),
        ("1d", "2024-02-29T00:00:00", "2024-03-01T00:00:00"),
        ("2d", "2024-02-29T00:00:00", "2024-03-02T00:00:00"),  # day 19782 since 1970-01-01 is even: a pair begins
        ("1w", "2024-02-26T00:00:00", "2024-03-04T00:00:00"),
        ("1M", "2024-02-01T00:00:00", "2024-03-01T00:00:00"),
    ],
)
def test_intervals(timeframe: str, opens: str, closes: str) -> None:
    assert interval(timeframe, at("2024-02-29T13:47:00")) == (at(opens), at(closes))


def test_december_ends_in_january() -> None:
    assert interval("1M", at("2023-12-31T23:59:00")) == (at("2023-12-01T00:00:00"), at("2024-01-01T00:00:00"))


def test_text_of_a_time() -> None:
    assert text(at("2024-08-09T00:01:00")) == "2024-08-09T00:01:00Z"
    assert text(at("2024-08-09T00:01:00") + 120_000_000) == "2024-08-09T00:01:00.12Z"


def _bars(timeframe: str, *trades: tuple[str, str, str, int]) -> list[ExpectedBar]:
    """trades: (time, price, size, seq) in the order of seq."""
    minutes = Minutes(parameters())
    for moment, price, size, seq in trades:
        trade = Trade("BTC-USDT", price, size, at(moment), at(moment), seq, "buy", seq=seq, quality=0.9 if seq == 3 else 1.0)
        minutes.add(trade_row(trade))
    return list(expected_bars(minutes, timeframe))


TRADES = (
    ("2024-08-09T00:00:15", "100.10", "0.1", 1),
    ("2024-08-09T00:00:15", "100.30", "0.2", 2),
    ("2024-08-09T00:00:40", "99.90", "0.3", 3),
    ("2024-08-09T00:01:05", "101", "1", 4),
    ("2024-08-09T00:00:50", "100.00", "0.4", 5),  # late: the watermark had passed the minute's end and the grace
    ("2024-08-09T00:05:02", "102", "1", 6),
)


def test_minute_bars_by_hand() -> None:
    first, second, last = _bars("1m", *TRADES)
    assert (first.span.open, first.span.high, first.span.low, first.span.close) == (
        Decimal("100.10"),
        Decimal("100.30"),
        Decimal("99.90"),
        Decimal("100.00"),
    )
    assert first.span.volume == Decimal("1.0")
    assert first.span.quote_volume == Decimal("10.010") + Decimal("20.060") + Decimal("29.970") + Decimal("40.000")
    assert first.vwap == Decimal("100.0400000000")
    assert first.span.trade_count == 4
    assert first.quality == pytest.approx(0.975 * 0.75)  # mean of 1, 1, 0.9, 1; observed from second 15 on
    assert first.reasons == ["partial_interval"]
    assert (first.is_late, second.is_late, last.is_late) == (True, False, False)
    assert (first.kind_uncorrected, second.kind_uncorrected) == ("incomplete", "final")
    assert (first.required, second.required, last.required) == (True, True, False)


def test_longer_bars_weigh_their_minutes_equally() -> None:
    first, second = _bars("5m", *TRADES)
    assert first.span.trade_count == 5
    assert first.span.close == Decimal("101")
    assert first.quality == pytest.approx((0.975 + 1.0) / 2 * 285 / 300)
    assert not first.is_late  # it was still open when the late trade came
    assert first.required
    assert not second.required


def test_trades_of_one_time_count_in_the_order_of_seq() -> None:
    [bar] = _bars("1m", ("2024-08-09T00:00:15", "2", "1", 1), ("2024-08-09T00:00:15", "3", "1", 2), ("2024-08-09T00:00:15", "1", "1", 3))
    assert (bar.span.open, bar.span.close) == (Decimal(2), Decimal(1))


def test_vwap_rounds_halves_to_even() -> None:
    assert vwap(Decimal("0.00000000025"), Decimal("1")) == Decimal("0.0000000002")
    assert vwap(Decimal("0.00000000035"), Decimal("1")) == Decimal("0.0000000004")
    assert vwap(Decimal("1"), Decimal("3")) == Decimal("0.3333333333")


def test_indicators_by_hand() -> None:
    """Closes 10, 11, 13, 12, 12: RSI 2 is seeded by +1, +2; the slow mean of 3 by 10, 11, 13, the fast one of 2 by 11, 13."""
    macd, rsi, momentum = calculate(flat([10.0, 11.0, 13.0, 12.0, 12.0]), parameters())
    gain, loss = 1.5, 0.0
    gain_3, loss_3 = gain / 2, (loss + 1) / 2
    assert rsi.name == "rsi_2"
    assert rsi.minimum_bars == 4
    assert [math.isnan(value) for value in rsi.outputs["value"]] == [True, True, False, False, False]
    assert list(rsi.outputs["value"][2:]) == pytest.approx([100, 100 * gain_3 / (gain_3 + loss_3), 100 * gain_3 / (gain_3 + loss_3)])
    fast = [12.0]
    slow = [34 / 3]
    for close in (12.0, 12.0):
        fast.append(fast[-1] + (close - fast[-1]) * 2 / 3)
        slow.append(slow[-1] + (close - slow[-1]) / 2)
    line = [f - s for f, s in zip(fast, slow, strict=True)]
    signal_3 = (line[0] + line[1]) / 2
    signal_4 = signal_3 + (line[2] - signal_3) * 2 / 3
    assert macd.name == "macd_2_3_2"
    assert macd.minimum_bars == 15
    assert list(macd.outputs["macd"][3:]) == pytest.approx(line[1:])
    assert list(macd.outputs["signal"][3:]) == pytest.approx([signal_3, signal_4])
    assert list(macd.outputs["histogram"][3:]) == pytest.approx([line[1] - signal_3, line[2] - signal_4])
    assert math.isnan(macd.outputs["previous_histogram"][3])
    assert macd.outputs["previous_histogram"][4] == macd.outputs["histogram"][3]
    assert momentum.minimum_bars == 6
    assert list(momentum.outputs["value"][1:]) == pytest.approx([0.1, 2 / 11, -1 / 13, 0.0])


@pytest.mark.parametrize(
    ("histogram", "previous", "vote"),
    [(0.1, -0.1, 1), (0.1, 0.0, 1), (0.1, 0.05, 0), (-0.1, 0.1, -1), (-0.1, 0.0, -1), (0.0, 0.1, 0), (0.0, -0.1, 0), (0.1, None, 0)],
)
def test_macd_votes_where_it_crosses(histogram: float, previous: float | None, vote: int) -> None:
    values = {("macd", "histogram"): histogram} | ({("macd", "previous_histogram"): previous} if previous is not None else {})
    assert votes(values)["macd"] == vote


@pytest.mark.parametrize(("value", "vote"), [(70.1, -1), (70.0, 0), (50.0, 0), (30.0, 0), (29.9, 1)])
def test_rsi_votes_outside_30_and_70(value: float, vote: int) -> None:
    assert votes({("rsi", "value"): value})["rsi"] == vote


@pytest.mark.parametrize(("value", "vote"), [(0.021, 1), (0.02, 0), (-0.02, 0), (-0.021, -1)])
def test_momentum_votes_beyond_two_percent(value: float, vote: int) -> None:
    assert votes({("momentum", "value"): value})["momentum"] == vote


UP = {("macd", "histogram"): 1.0, ("macd", "previous_histogram"): -1.0}
OVERBOUGHT = {("rsi", "value"): 80.0}
RISING = {("momentum", "value"): 0.05}


@pytest.mark.parametrize(
    ("values", "resolution", "signal", "decided_by", "confidence"),
    [
        (UP | OVERBOUGHT, "hierarchy", 1, "macd", 0.3),
        (OVERBOUGHT | RISING, "hierarchy", -1, "rsi", 0.3),
        (RISING, "hierarchy", 1, "momentum", 0.3),
        ({}, "hierarchy", 0, "score", 0.9),
        (UP | OVERBOUGHT, "conflict", 1, "macd", 0.3),
        (UP | RISING, "conflict", 1, "score", 0.6),
        (RISING, "conflict", 1, "score", 0.3),
        (UP | OVERBOUGHT, "weighted", 0, "score", 0.3),
        (UP | OVERBOUGHT | RISING, "weighted", 1, "score", 0.6),
    ],
)
def test_decisions(values: dict[tuple[str, str], float], resolution: str, signal: int, decided_by: str, confidence: float) -> None:
    """UP + OVERBOUGHT + RISING: the sum is a third, just above 0.33."""
    decision = decide(values, WARM, 0.9, parameters(resolution=resolution))
    assert (decision.signal, decision.decided_by, decision.status) == (signal, decided_by, "ok")
    assert decision.confidence == pytest.approx(confidence, abs=1e-6)


def test_status_forces_hold() -> None:
    unwarm = decide(UP, {**WARM, "rsi": False}, 0.1, parameters())
    assert (unwarm.signal, unwarm.status, unwarm.decided_by, unwarm.confidence) == (0, "unwarm", "status", 0.0)
    assert unwarm.score == pytest.approx(1 / 3)
    assert decide(UP, WARM, 0.49, parameters()).status == "low_quality"
    assert decide(UP, WARM, 0.5, parameters()).status == "ok"


def test_quality_is_one_less_the_weights() -> None:
    assert quality([]) == 1.0
    assert quality(["gap_filled", "out_of_order"]) == 0.85
    assert quality(["crossed_quote", "sequence_gap", "out_of_order", "late", "gap_filled"]) == 0.0


def test_holes() -> None:
    holes = Holes()
    assert [holes.see(number) for number in (10, 11, 15, 13, 13, 10, 8)] == [True, True, True, True, False, False, True]
    assert holes.remaining() == [(8, 10), (11, 13), (13, 15)]
    assert holes.see(12)
    assert holes.see(14)
    assert holes.remaining() == [(8, 10)]
    assert holes.first == 10


def test_a_hole_is_covered_by_one_gap_that_holds_it_whole() -> None:
    assert is_covered((11, 13), [(11, 13)])
    assert is_covered((11, 13), [(10, 20)])
    assert not is_covered((11, 15), [(11, 13), (13, 15)])


def test_pairs() -> None:
    found = list(paired([1, 3, 4], ["bb", "ccc"], lambda number: number, len))
    assert found == [(1, 1, None), (2, None, "bb"), (3, 3, "ccc"), (4, 4, None)]
    assert list(paired([], [], int, int)) == []


def test_report_keeps_as_many_as_told_and_counts_all() -> None:
    report = Report(keep=1)
    report.compare("t", "k", [("a", 1, 2), ("b", Decimal("1.50"), None), ("c", 3, 3)])
    assert report.total == 2
    assert report.differences == [Difference("t", "differs", "k", "a", "1", "2")]
    assert report.differences[0].sentence() == "t: k: a is 2, expected 1"
    assert show(Decimal("1.50")) == "1.5"
    assert show(None) == "nothing"
    assert show(["late", "x"]) == "[late, x]"
