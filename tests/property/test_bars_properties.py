"""bars: any order, any duplicates, any cut, any crash: the same final bars, equal to a plain computation over the set of trades."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from processors.bars.core import BarsCore
from processors.validate.core import ValidateCore
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, Output
from schemas.bars import Bar
from schemas.ticks import Trade
from schemas.timeframes import SECOND_NS, Timeframe, interval_of
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, as_inputs, final_bars, run, ticks_record, trade, watermark_record

TIMEFRAMES = (Timeframe.M1, Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.MN1)
GRACE_S = 20
SETTINGS = ProcessSettings(timeframes=TIMEFRAMES, grace_s=GRACE_S)
END_S = 32 * 86_400 + GRACE_S  # after the end of January: everything is closed

Content = tuple[Decimal | int | float | tuple[str, ...], ...]


@st.composite
def trades_in_time_order(draw: st.DrawFn, max_size: int = 40) -> list[Trade]:
    """Trades with consecutive numbers; steps of 0 to 400 s, so several share a time, and some intervals stay empty."""
    steps = draw(st.lists(st.one_of(st.just(0.0), st.integers(1, 30), st.integers(1, 400)), min_size=1, max_size=max_size))
    at_s = 0.0
    trades = []
    for number, step in enumerate(steps, 1):
        at_s += step
        reasons = draw(st.sampled_from([(), (), ("out_of_order",), ("sequence_gap", "late")]))
        quality = {0: 1.0, 1: 0.9, 2: 0.6}[len(reasons)]
        price = str(draw(st.decimals(1, 1000, places=draw(st.integers(0, 6)))))
        size = str(draw(st.decimals(Decimal("0.000001"), 100, places=6)))
        symbol = draw(st.sampled_from(["BTC-USDT", "ETH-USDT"]))
        trades.append(trade(number, at_s, price, size, symbol, quality=quality, reasons=reasons))
    return trades


def offline(trades: Sequence[Trade]) -> dict[tuple[str, str, str, int], Content]:
    """Every bar by its definition, with fractions; shares nothing with the stage but the calendar."""
    bars: dict[tuple[str, str, str, int], Content] = {}
    groups: dict[tuple[str, Timeframe, int, int], list[Trade]] = defaultdict(list)
    for one in trades:
        for timeframe in TIMEFRAMES:
            groups[one.symbol, timeframe, *interval_of(timeframe, one.ts_event_ns)].append(one)
    for (symbol, timeframe, start, end), group in groups.items():
        bars[symbol, "binance", timeframe.value, start] = _bar(trades, group, start, end)
    return bars


def _bar(trades: Sequence[Trade], group: list[Trade], start: int, end: int) -> Content:
    ordered = sorted(group, key=lambda one: (one.ts_event_ns, one.seq))
    prices = [Fraction(one.price) for one in ordered]
    volume = sum(Fraction(one.size) for one in ordered)
    money = sum(Fraction(one.price) * Fraction(one.size) for one in ordered)
    first_ns = min(one.ts_event_ns for one in trades if one.symbol == group[0].symbol)
    partial = start <= first_ns < end
    reasons = {reason for one in ordered for reason in one.reasons} | ({"partial_interval"} if partial else set())
    minutes: dict[int, list[Fraction]] = defaultdict(list)
    for one in ordered:
        minutes[one.ts_event_ns // (60 * SECOND_NS)].append(Fraction(str(one.quality)))
    score = sum(sum(scores) / len(scores) for scores in minutes.values()) / len(minutes)
    coverage = Fraction(end - first_ns, end - start) if partial else Fraction(1)
    vwap = round(money / volume, 10)
    return (prices[0], max(prices), min(prices), prices[-1], volume, money, vwap, len(ordered), tuple(sorted(reasons)), score * coverage)  # type: ignore[return-value]


def assert_equal(outputs: Sequence[Output], trades: Sequence[Trade]) -> dict[tuple[str, str, str, int], Bar]:
    bars, expected = final_bars(outputs), offline(trades)
    assert bars.keys() == expected.keys()
    for key, bar in bars.items():
        *numbers, count, reasons, quality = expected[key]
        texts = (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote_volume, bar.vwap)
        assert [Fraction(text) for text in texts] == numbers
        assert (bar.trade_count, bar.reasons) == (count, reasons)
        assert abs(bar.quality - float(quality)) <= 5.1e-7  # type: ignore[arg-type]
        assert Decimal(bar.low) <= min(Decimal(bar.open), Decimal(bar.close))
        assert Decimal(bar.high) >= max(Decimal(bar.open), Decimal(bar.close))
    return bars


def records(trades: Sequence[Trade], sizes: Sequence[int]) -> list[InputRecord]:
    """The trades in envelopes of these sizes (again and again), and a last watermark."""
    cut, at, offset = list[InputRecord](), 0, 0
    while at < len(trades):
        size = sizes[offset % len(sizes)]
        cut.append(ticks_record(trades[at : at + size], offset, Topic.TICKS))
        at, offset = at + size, offset + 1
    return [*cut, watermark_record(END_S, offset)]


def run_with_crashes(inputs: Sequence[InputRecord], crashes: set[int]) -> list[Output]:
    """A snapshot after every record, as commits take them: each builds on what the one before has packed."""
    core, outputs = BarsCore(SETTINGS), list[Output]()
    for number, record in enumerate(inputs):
        state = core.snapshot()
        if number in crashes:
            core = BarsCore(SETTINGS)
            core.restore(state)
        outputs += core.apply(record)
    return outputs


SIZES = st.lists(st.integers(1, 12), min_size=1, max_size=4)
CRASHES = st.sets(st.integers(0, 40), max_size=5)


@given(trades_in_time_order(), st.randoms(use_true_random=False), SIZES, CRASHES)
def test_any_order_within_the_grace_any_cut_any_crash(trades: list[Trade], random: Random, sizes: list[int], crashes: set[int]) -> None:
    """Each trade is delayed by less than the grace: no bar is ever corrected, and the bars are those of the whole set."""
    arrival = sorted(trades, key=lambda one: (one.ts_event_ns + random.randrange(GRACE_S * SECOND_NS), one.seq))
    bars = assert_equal(run_with_crashes(records(arrival, sizes), crashes), trades)
    assert {bar.revision for bar in bars.values()} == {0}
    expected = final_bars(run(BarsCore(SETTINGS), records(trades, [len(trades)])))
    assert {key: _without_known_at(bar) for key, bar in bars.items()} == {key: _without_known_at(bar) for key, bar in expected.items()}
    for symbol in {one.symbol for one in trades}:
        volumes = {
            timeframe: sum(Decimal(bar.volume) for key, bar in bars.items() if key[0] == symbol and key[2] == timeframe)
            for timeframe in TIMEFRAMES
        }
        assert set(volumes.values()) == {sum(Decimal(one.size) for one in trades if one.symbol == symbol)}


def _without_known_at(bar: Bar) -> dict[str, object]:
    return {name: getattr(bar, name) for name in bar.__struct_fields__ if name != "known_at_ns"}


@given(trades_in_time_order(), st.randoms(use_true_random=False), SIZES, CRASHES)
def test_any_order_at_all_ends_in_the_same_bars(trades: list[Trade], random: Random, sizes: list[int], crashes: set[int]) -> None:
    """Late trades correct; after the last one the newest revisions are the bars of the whole set. (Fewer than 64 bars: nothing is too old.)"""
    arrival = list(trades)
    random.shuffle(arrival)
    outputs = run_with_crashes(records(arrival, sizes), crashes)
    assert_equal(outputs, trades)


@given(trades_in_time_order(), st.randoms(use_true_random=False), SIZES, CRASHES, st.lists(st.integers(0, 8000), max_size=6))
def test_a_crash_changes_no_output(trades: list[Trade], random: Random, sizes: list[int], crashes: set[int], watermarks: list[int]) -> None:
    """Byte for byte, with trades in any order and watermarks of any time between them."""
    random.shuffle(trades)
    inputs = records(trades, sizes)
    for at_s in watermarks:
        inputs.insert(random.randrange(len(inputs)), watermark_record(at_s))
    assert run_with_crashes(inputs, crashes) == run(BarsCore(SETTINGS), inputs)


@given(trades_in_time_order(), st.randoms(use_true_random=False), SIZES)
def test_the_cut_changes_no_revision(trades: list[Trade], random: Random, sizes: list[int]) -> None:
    """Not only the last bars: the same bars with the same revisions, known at the same times."""
    random.shuffle(trades)
    whole, pieces = (run(BarsCore(SETTINGS), records(trades, cut)) for cut in ([len(trades)], sizes))
    assert sorted(output.value for output in whole) == sorted(output.value for output in pieces)


@given(trades_in_time_order(), st.randoms(use_true_random=False), SIZES)
def test_duplicates_and_replays_change_nothing(trades: list[Trade], random: Random, sizes: list[int]) -> None:
    """Through validate: some trades come again later, and at the end all of them and older watermarks do."""
    raw = [_as_ingested(one) for one in trades]
    repeated = list(raw)
    for one in raw:
        if random.random() < 0.4:
            repeated.insert(random.randrange(repeated.index(one) + 1, len(repeated) + 1), one)
    once, twice = (as_inputs(run(ValidateCore(), _raw_records(ticks, sizes)), Topic.TICKS) for ticks in (raw, [*repeated, *raw]))
    end = watermark_record(END_S, 1000)
    expected = run(BarsCore(SETTINGS), [*once, end])
    core = BarsCore(SETTINGS)
    outputs = run(core, [*twice, end])
    assert sorted(output.value for output in outputs) == sorted(output.value for output in expected)
    state = core.snapshot()
    assert run(core, [watermark_record(5, 1001), watermark_record(END_S, 1002)]) == []
    assert core.snapshot() == state


def _as_ingested(one: Trade) -> Trade:
    return Trade(one.symbol, one.price, one.size, one.ts_event_ns, one.ts_ingest_ns, one.trade_id)


def _raw_records(ticks: Sequence[Trade], sizes: Sequence[int]) -> list[InputRecord]:
    cut = records(ticks, sizes)[:-1]
    return [InputRecord(Topic.TICKS_RAW, 0, one.offset, None, one.value, one.headers) for one in cut]


def test_the_offline_bars_are_not_trivial() -> None:
    bars = offline([trade(1, 30, "2", "1"), trade(2, 90, "4", "3", quality=0.9, reasons=("out_of_order",))])
    start = T0_NS
    assert bars["BTC-USDT", "binance", "5m", start] == (
        2,
        4,
        2,
        4,
        4,
        14,
        Fraction(7, 2),
        2,
        ("out_of_order", "partial_interval"),
        Fraction(19, 20) * Fraction(9, 10),
    )
    assert len(bars) == 2 + 4
