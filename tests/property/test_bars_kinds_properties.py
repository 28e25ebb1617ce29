"""Bars from quotes, synthetic bars and bars by session: the same whatever the order within the grace, the cut and the crashes."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from processors.bars.core import BarsCore
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, Output
from schemas.bars import Bar
from schemas.codec import decode_bar
from schemas.ticks import Quote, Tick, Trade
from schemas.timeframes import SECOND_NS, Timeframe, interval_of
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, final_bars, quote, run, ticks_record, trade, watermark_record

TIMEFRAMES = (Timeframe.M1, Timeframe.M5, Timeframe.H1, Timeframe.D1)
GRACE_S = 20
PLAIN = ProcessSettings(timeframes=TIMEFRAMES, grace_s=GRACE_S)
FILLED = ProcessSettings(timeframes=TIMEFRAMES, grace_s=GRACE_S, synthetic_bars=("*",))
START_S = 14 * 3600 + 20 * 60  # 09:20 in New York: ten minutes before the exchange opens, of the second day
DAY_S = 86_400
SYMBOLS = ("BTC-USDT", "EUR-USD", "AAPL")
SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=4)
CRASHES = st.sets(st.integers(0, 40), max_size=5)
STEPS = st.lists(st.one_of(st.just(0), st.integers(1, 30), st.integers(1, 400)), min_size=1, max_size=30)


def tick_of(symbol: str, number: int, at_s: int, price: int) -> Tick:
    ts_ns = T0_NS + at_s * SECOND_NS
    if symbol == "EUR-USD":
        return quote(number, f"{price}.1", f"{price}.{price % 9}5", symbol, ts_event_ns=ts_ns, ts_ingest_ns=ts_ns, seq=number)
    return trade(number, at_s, f"{price}.25", f"0.{number}", symbol)


@st.composite
def ticks_in_time_order(draw: st.DrawFn, symbols: Sequence[str] = SYMBOLS, steps: st.SearchStrategy[list[int]] = STEPS) -> list[Tick]:
    at_s, made = DAY_S + START_S, list[Tick]()
    for number, step in enumerate(draw(steps), 1):
        at_s += step
        made.append(tick_of(draw(st.sampled_from(symbols)), number, at_s, draw(st.integers(1, 200))))
    return made


def records(ticks: Sequence[Tick], sizes: Sequence[int], end_s: int | None = None) -> list[InputRecord]:
    cut, at, offset = list[InputRecord](), 0, 0
    while at < len(ticks):
        size = sizes[offset % len(sizes)]
        cut.append(ticks_record(ticks[at : at + size], offset, Topic.TICKS))
        at, offset = at + size, offset + 1
    return [*cut, watermark_record(4 * DAY_S if end_s is None else end_s, offset)]


def run_with_crashes(settings: ProcessSettings, inputs: Sequence[InputRecord], crashes: set[int]) -> list[Output]:
    core, outputs = BarsCore(settings), list[Output]()
    for number, record in enumerate(inputs):
        state = core.snapshot()
        if number in crashes:
            core = BarsCore(settings)
            core.restore(state)
        outputs += core.apply(record)
    return outputs


def content(outputs: Sequence[Output]) -> dict[tuple[str, str, str, int], dict[str, object]]:
    """Final bars without the time at which they became known."""
    return {
        key: {name: getattr(bar, name) for name in bar.__struct_fields__ if name != "known_at_ns"}
        for key, bar in final_bars(outputs).items()
    }


def jittered(ticks: Sequence[Tick], random: Random) -> list[Tick]:
    """Each delayed by less than the grace."""
    return sorted(ticks, key=lambda one: (one.ts_event_ns + random.randrange(GRACE_S * SECOND_NS), one.seq))


@given(ticks_in_time_order(), st.randoms(use_true_random=False), SIZES, CRASHES, st.sampled_from([PLAIN, FILLED]))
def test_any_order_within_the_grace_any_cut_any_crash(
    ticks: list[Tick], random: Random, sizes: list[int], crashes: set[int], settings: ProcessSettings
) -> None:
    outputs = run_with_crashes(settings, records(jittered(ticks, random), sizes), crashes)
    assert {decode_bar(output.value).revision for output in outputs} == {0}
    assert content(outputs) == content(run(BarsCore(settings), records(ticks, [len(ticks)])))


@given(ticks_in_time_order(), st.randoms(use_true_random=False), SIZES, CRASHES, st.lists(st.integers(0, 9000), max_size=6))
def test_a_crash_changes_no_output(ticks: list[Tick], random: Random, sizes: list[int], crashes: set[int], watermarks: list[int]) -> None:
    """Byte for byte, in any order at all."""
    random.shuffle(ticks)
    inputs = records(ticks, sizes)
    for at_s in watermarks:
        inputs.insert(random.randrange(len(inputs)), watermark_record(DAY_S + START_S + at_s))
    assert run_with_crashes(FILLED, inputs, crashes) == run(BarsCore(FILLED), inputs)


@given(ticks_in_time_order(("EUR-USD",)), st.randoms(use_true_random=False), SIZES)
def test_bars_from_quotes_are_those_of_the_definition(ticks: list[Quote], random: Random, sizes: list[int]) -> None:
    bars = final_bars(run(BarsCore(PLAIN), records(jittered(ticks, random), sizes)))
    for timeframe in (Timeframe.M1, Timeframe.H1):
        groups: dict[int, list[Quote]] = {}
        for one in ticks:
            groups.setdefault(interval_of(timeframe, one.ts_event_ns)[0], []).append(one)
        found = {key[3]: bar for key, bar in bars.items() if key[2] == timeframe}
        assert found.keys() == groups.keys()
        for opens_ns, group in groups.items():
            _assert_quoted(found[opens_ns], group)


def _assert_quoted(bar: Bar, group: list[Quote]) -> None:
    mids = [(Fraction(one.bid) + Fraction(one.ask)) / 2 for one in group]
    assert [Fraction(text) for text in (bar.open, bar.high, bar.low, bar.close)] == [mids[0], max(mids), min(mids), mids[-1]]
    assert (bar.quote_count, bar.trade_count, bar.volume, bar.price_basis, bar.vwap) == (len(group), 0, "0", "mid", bar.close)
    assert bar.sides is not None
    for side in ("bid", "ask"):
        prices = [Fraction(getattr(one, side)) for one in group]
        expected = [prices[0], max(prices), min(prices), prices[-1]]
        assert [Fraction(getattr(bar.sides, f"{side}_{name}")) for name in ("open", "high", "low", "close")] == expected


@given(ticks_in_time_order(("BTC-USDT",)), st.randoms(use_true_random=False), SIZES)
def test_synthetic_bars_fill_every_silence_and_add_nothing(ticks: list[Trade], random: Random, sizes: list[int]) -> None:
    """Up to the last trade's bar: steps of 400 s are shorter than the longest row of synthetic bars."""
    end_s = (ticks[-1].ts_event_ns - T0_NS) // SECOND_NS + 3600 + GRACE_S
    inputs = records(jittered(ticks, random), sizes, end_s)
    bars, plain = content(run(BarsCore(FILLED), inputs)), content(run(BarsCore(PLAIN), inputs))
    assert {key: bar for key, bar in bars.items() if bar["kind"] != "synthetic"} == plain
    for timeframe in (Timeframe.M1, Timeframe.M5, Timeframe.H1):
        of_one = [bar for key, bar in sorted(bars.items(), key=lambda item: item[0][3]) if key[2] == timeframe]
        _assert_seamless(of_one)
        volume = sum((Decimal(str(bar["volume"])) for bar in of_one), Decimal(0))
        assert volume == sum(Decimal(one.size) for one in ticks)


def _assert_seamless(bars: list[dict[str, object]]) -> None:
    for before, bar in pairwise(bars):
        assert before["ts_close_ns"] == bar["ts_open_ns"]
        if bar["kind"] == "synthetic":
            assert {bar[name] for name in ("open", "high", "low", "close", "vwap")} == {before["close"]}
            assert (bar["quality"], bar["trade_count"], bar["volume"]) == (0.0, 0, "0")


@given(ticks_in_time_order(("BTC-USDT",), st.lists(st.integers(1, 400), min_size=1, max_size=8)), st.randoms(use_true_random=False), SIZES)
def test_late_trades_leave_no_stale_synthetic_bar(ticks: list[Trade], random: Random, sizes: list[int]) -> None:
    """In any order at all: the bars with trades are those of the whole set, and each synthetic one stands at the close before it."""
    random.shuffle(ticks)
    inputs = records(ticks, sizes)
    bars, plain = final_bars(run(BarsCore(FILLED), inputs)), final_bars(run(BarsCore(PLAIN), inputs))
    traded = {key: bar for key, bar in bars.items() if bar.kind != "synthetic"}
    assert {key: _traded(bar) for key, bar in traded.items()} == {key: _traded(bar) for key, bar in plain.items()}
    for timeframe in TIMEFRAMES:
        of_one = [bar for key, bar in sorted(bars.items(), key=lambda item: item[0][3]) if key[2] == timeframe]
        for before, bar in pairwise(of_one):
            if bar.kind == "synthetic":
                assert {bar.open, bar.high, bar.low, bar.close} == {before.close}


def _traded(bar: Bar) -> tuple[object, ...]:
    return bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote_volume, bar.vwap, bar.trade_count, bar.reasons, bar.quality
