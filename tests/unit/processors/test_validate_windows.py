"""market.quality: what a window holds, when it ends, and that its figures are those of the ticks."""

from bisect import bisect_left

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.validate.core import ValidateCore
from processors.validate.latencies import BOUNDS, Latencies
from processors.validate.latencies import of as latencies_of
from runtime.stage import InputRecord, Output
from schemas.quality import QualityRecord
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, events, kept_ticks, quote, run, ticks_record, trade, watermark_record

MS = 1_000_000
LATENCIES = st.lists(st.integers(-5_000 * MS, 5_000 * MS) | st.integers(-3, 3), min_size=1, max_size=300)


def quality_of(outputs: list[Output]) -> list[QualityRecord]:
    return events(outputs, Topic.QUALITY)


def mark(at_s: float, offset: int = 0, source: str = "binance") -> InputRecord:
    return watermark_record(at_s, offset, Topic.TICKS_RAW, source)


def test_a_window_tells_what_came_in_it() -> None:
    ticks = [
        trade(1, 1, ts_ingest_ns=T0_NS + 1_010 * MS),
        trade(2, 0, ts_ingest_ns=T0_NS + 40 * MS),
        trade(2, 0),
        trade(3, 2, price="-1"),
        trade(5, 2, ts_ingest_ns=T0_NS + 2_010 * MS),
        quote(1),
    ]
    outputs = run(ValidateCore(), [mark(0), ticks_record(ticks, 1), mark(5, 2)])
    (found,) = quality_of(outputs)
    assert (found.symbol, found.source, found.ts_from_ns, found.ts_to_ns) == ("BTC-USDT", "binance", T0_NS + 5, T0_NS + 5_000 * MS + 5)
    assert (found.total, found.valid, found.invalid, found.duplicate, found.out_of_order, found.gaps) == (6, 4, 1, 1, 1, 1)
    assert found.latency_average_ns == 15 * MS
    assert 40 * MS <= found.latency_p99_ns <= 44 * MS
    assert found.reasons == {"non_positive_price": 1, "out_of_order": 1, "sequence_gap": 1}
    assert found.score == pytest.approx((1 + 0.9 + 0.7 + 1) / 5)
    (output,) = [output for output in outputs if output.topic is Topic.QUALITY]
    assert (output.key, output.headers) == (b"BTC-USDT", {"type": b"quality"})


def test_windows_follow_the_watermarks_of_their_source_alone() -> None:
    core = ValidateCore()
    assert quality_of(run(core, [ticks_record([trade(1)]), mark(1), mark(4.9), mark(7, source="coinbase")])) == []
    assert [one.total for one in quality_of(run(core, [mark(5)]))] == [1]
    assert quality_of(run(core, [mark(10), mark(15)])) == []  # nothing came: no record
    (found,) = quality_of(run(core, [ticks_record([trade(2)]), mark(31)]))
    assert (found.ts_from_ns, found.ts_to_ns) == (T0_NS + 15_000 * MS + 5, T0_NS + 31_000 * MS + 5)


def test_a_clock_that_goes_back_begins_a_window_and_loses_no_count() -> None:
    core = ValidateCore()
    assert quality_of(run(core, [mark(100), ticks_record([trade(1)]), mark(2)])) == []
    assert [one.total for one in quality_of(run(core, [ticks_record([trade(2)]), mark(6)]))] == [2]


def test_records_come_by_symbol_and_survive_a_restart() -> None:
    inputs = [mark(0), ticks_record([trade(1, symbol="ETH-USDT"), trade(1), trade(1, symbol="ADA-USDT")], 1)]
    core, restored = ValidateCore(), ValidateCore()
    run(core, inputs)
    restored.restore(core.snapshot())
    found = quality_of(run(restored, [mark(5)]))
    assert [one.symbol for one in found] == ["ADA-USDT", "BTC-USDT", "ETH-USDT"]
    assert found == quality_of(run(core, [mark(5)]))


def test_only_wrong_ticks_or_only_repeated_ones_are_told_too() -> None:
    core = ValidateCore()
    run(core, [mark(0), ticks_record([trade(1)]), mark(5)])
    (repeated,) = quality_of(run(core, [ticks_record([trade(1), trade(1)]), mark(10)]))
    assert (repeated.total, repeated.duplicate, repeated.score) == (2, 2, 1.0)
    (wrong,) = quality_of(run(core, [ticks_record([trade(2, price="0", symbol="NEW")]), mark(15)]))
    assert (wrong.symbol, wrong.invalid, wrong.score, wrong.latency_p99_ns) == ("NEW", 1, 0.0, 0)


def test_a_state_written_before_there_were_windows_is_taken_over() -> None:
    old = msgspec.msgpack.encode({"more": {}, "series": [(("BTC-USDT", "binance"), [[[[1, 7]], {}, -1], [], 7, 7, T0_NS, T0_NS, -1])]})
    core = ValidateCore()
    core.restore(old)
    assert [tick.seq for tick in kept_ticks(run(core, [ticks_record([trade(7), trade(8)])]))] == [8]


@given(LATENCIES, st.integers(1, 20))
def test_any_portions_give_the_same_figures(latencies: list[int], size: int) -> None:
    parts = Latencies()
    for start in range(0, len(latencies), size):
        parts.fold(latencies[start : start + size])
    assert parts == latencies_of(latencies)
    assert parts.average_ns() == pytest.approx(sum(latencies) / len(latencies), abs=0.5)


@given(LATENCIES)
def test_the_percentile_is_close_above_the_exact_one(latencies: list[int]) -> None:
    exact = sorted(latencies)[-(-len(latencies) * 99 // 100) - 1]  # nearest rank
    told = latencies_of(latencies).p99_ns()
    assert exact <= told
    assert told == BOUNDS[bisect_left(BOUNDS, exact)]
    if abs(exact) > 10_000:
        assert told - exact <= 0.0906 * abs(exact)


def test_buckets_are_bounded() -> None:
    assert len(BOUNDS) < 700
    assert latencies_of([2**62, -(2**62)]).p99_ns() == BOUNDS[-1]
