"""validate: whatever comes, however it is cut and wherever the stage crashes."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.validate.core import ValidateCore
from processors.validate.ids import SeenIds
from runtime.stage import InputRecord, Output
from schemas.reasons import CATALOGUE, Reason
from schemas.ticks import Tick, Trade
from schemas.topics import Topic
from tests.unit.processors.inputs import events, gaps_of, kept_ticks, quote, run, ticks_record, trade, watermark_record

SYMBOLS = st.sampled_from(["BTC-USDT", "ETH-USDT"])
PRICES = st.sampled_from(["100", "0.5", "61652.00", "-1", "0", "nan"])
TRADES = st.builds(
    trade,
    number=st.integers(1, 30),
    at_s=st.integers(0, 200),
    price=PRICES,
    symbol=SYMBOLS,
    filled=st.booleans(),
    ts_ingest_ns=st.sampled_from([trade(1, 0).ts_ingest_ns, trade(1, 100).ts_ingest_ns]),
)
QUOTES = st.builds(quote, number=st.integers(1, 30), bid=PRICES, ask=PRICES, symbol=SYMBOLS)
TICKS = st.lists(TRADES | QUOTES, max_size=40)
IDS = st.lists(st.integers(0, 60), max_size=80)


def cut(ticks: list[Tick], cuts: list[int]) -> list[InputRecord]:
    """Envelopes that end at these positions."""
    bounds = [0, *sorted({at % (len(ticks) + 1) for at in cuts}), len(ticks)]
    return [ticks_record(ticks[start:end], offset) for offset, (start, end) in enumerate(pairwise(bounds))]


@given(IDS)
def test_ranges_are_a_set(ids: list[int]) -> None:
    seen, oracle = SeenIds(), set[int]()
    for number in ids:
        assert seen.add(number) is (number not in oracle)
        oracle.add(number)
    assert sorted(oracle) == [number for low, high in seen.ranges for number in range(low, high + 1)]
    assert all(left[1] + 1 < right[0] for left, right in pairwise(seen.ranges))


@given(TICKS, st.lists(st.integers(0, 100), max_size=6), st.sets(st.integers(0, 6)))
def test_any_cut_and_any_crash_give_the_same_ticks_gaps_and_dead_letters(ticks: list[Tick], cuts: list[int], crashes: set[int]) -> None:
    expected = run(ValidateCore(), [ticks_record(ticks)])
    core, outputs = ValidateCore(), list[Output]()
    for number, record in enumerate(cut(ticks, cuts)):
        state = core.snapshot()
        if number in crashes:
            core = ValidateCore()
            core.restore(state)
        outputs += core.apply(record)
    assert kept_ticks(outputs) == kept_ticks(expected)
    assert gaps_of(outputs) == gaps_of(expected)
    assert [letter.payload for letter in events(outputs, Topic.DLQ)] == [letter.payload for letter in events(expected, Topic.DLQ)]


@given(TICKS)
def test_a_replay_of_all_of_it_changes_nothing(ticks: list[Tick]) -> None:
    """But for the counts of the window of quality that is open."""
    core = ValidateCore()
    run(core, [_window_ends(0), ticks_record(ticks, 1), _window_ends(1)])
    state = core.snapshot()
    again = run(core, [ticks_record(ticks, 3), _window_ends(1)])
    assert kept_ticks(again) == []
    assert gaps_of(again) == []
    run(core, [_window_ends(2)])
    whole = ValidateCore()
    whole.restore(state)
    run(whole, [_window_ends(2)])
    assert core.snapshot() == whole.snapshot()


def _window_ends(number: int) -> InputRecord:
    return watermark_record(number * 10, number, Topic.TICKS_RAW)


@given(TICKS, st.lists(st.integers(0, 100), max_size=6))
def test_quality_records_count_every_tick_once(ticks: list[Tick], cuts: list[int]) -> None:
    """However the log is cut: the counts of all windows together are those of the ticks, the dead letters and the rest."""
    inputs = [one for number, ticks_of in enumerate(cut(ticks, cuts)) for one in (_window_ends(number), ticks_of)]
    outputs = run(ValidateCore(), [*inputs, _window_ends(len(inputs))])
    records = events(outputs, Topic.QUALITY)
    kept, letters = kept_ticks(outputs), events(outputs, Topic.DLQ)
    assert sum(one.total for one in records) == len(ticks)
    assert sum(one.valid for one in records) == len(kept)
    assert sum(one.invalid for one in records) == len(letters)
    assert sum(one.gaps for one in records) == sum(gap.state == "open" for gap in gaps_of(outputs))
    reasons = Counter([reason for tick in kept for reason in tick.reasons] + [letter.reason for letter in letters])
    assert sum((Counter(one.reasons) for one in records), Counter()) == reasons
    score = sum(one.score * (one.valid + one.invalid) for one in records if one.valid + one.invalid)
    assert score == pytest.approx(sum(tick.quality for tick in kept), abs=1e-4)


@given(TICKS)
def test_every_tick_is_kept_once_or_dropped_for_a_reason(ticks: list[Tick]) -> None:
    outputs = run(ValidateCore(), [ticks_record(ticks)])
    kept = kept_ticks(outputs)
    letters = events(outputs, Topic.DLQ)
    identities = [(type(tick), tick.symbol, _id(tick)) for tick in kept]
    assert len(identities) == len(set(identities))
    assert len(kept) + len(letters) <= len(ticks)
    assert {letter.reason for letter in letters} <= {"non_positive_price", "not_a_number"}
    for symbol in ("BTC-USDT", "ETH-USDT"):
        assert [tick.seq for tick in kept if tick.symbol == symbol] == list(range(1, sum(tick.symbol == symbol for tick in kept) + 1))
    for tick in kept:
        assert tick.quality == max(0.0, round(1 - sum(CATALOGUE[Reason(reason)].weight for reason in tick.reasons), 6))


def _id(tick: Tick) -> int | str:
    return tick.trade_id if isinstance(tick, Trade) else tick.update_id


@given(IDS.filter(bool))
def test_open_gaps_are_the_missing_ids(ids: list[int]) -> None:
    """After any sequence, what is missing between the first id and the largest lies in gaps that are open, and every open gap misses something."""
    core = ValidateCore()
    state = {}
    for gap in gaps_of(run(core, [ticks_record([trade(number) for number in ids])])):
        state[gap.gap_id] = gap
    still_open = {number for gap in state.values() if gap.state == "open" for number in range(gap.from_id + 1, gap.to_id)}
    missing = set(range(ids[0], max(ids))) - set(ids)
    assert missing <= still_open
    for gap in state.values():
        lost = set(range(gap.from_id + 1, gap.to_id)) - set(ids)
        assert (gap.state == "filled") is (not lost)
        assert gap.state != "filled" or gap.filled == gap.size
