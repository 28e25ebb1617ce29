"""What the benchmark feeds the line with, and how it judges what it sees: envelopes, lag, memory, verdicts."""

from dataclasses import replace

import pytest

from bench.closing import Closing
from bench.figures import spread
from bench.lag import Lag, Sample
from bench.lag import judge as judge_lag
from bench.memory import Memory, state_bytes
from bench.memory import judge as judge_size
from bench.memory_text import memory_text
from bench.pipeline import Load, LoadLatency
from bench.pipeline_text import load_latency_text, load_text
from bench.stage_cores import BarCost, bar_records, envelopes
from bench.stage_speed import Run, summary
from bench.stages import Stages
from bench.stages_text import stages_text
from bench.throughput import Cost
from bench.tick_source import TickSource, symbols_of
from processors.validate.core import ValidateCore
from schemas.codec import decode_bar, decode_ticks
from schemas.partitioner import partition_of
from schemas.ticks import TickEnvelope, Trade, Watermark
from schemas.topics import Topic


def test_symbols_are_shared_out_evenly() -> None:
    names = symbols_of(40, 4, "S")
    assert len(set(names)) == 40
    assert [sum(partition_of(name, 4) == number for name in names) for number in range(4)] == [10, 10, 10, 10]


def test_envelopes_are_what_an_ingestor_writes() -> None:
    """One partition's symbols in each, trades of a symbol numbered without holes, the time asked for."""
    source = TickSource("bench", symbols_of(24, 4, "S"), 4, 3)
    numbers: dict[str, list[int | str]] = {}
    for step in range(40):
        segment = source.segment(1_700_000_000_000_000_000 + step)
        envelope = decode_ticks(source.envelope([segment], 5))
        assert isinstance(envelope, TickEnvelope)
        assert (envelope.source, envelope.ts_receive_ns, len(envelope.ticks)) == ("bench", 5, segment.trades)
        assert {partition_of(tick.symbol, 4) for tick in envelope.ticks} == {segment.partition}
        assert segment.symbols == ",".join(sorted(tick.symbol for tick in envelope.ticks)).encode()
        for tick in envelope.ticks:
            assert isinstance(tick, Trade)
            assert tick.ts_event_ns == tick.ts_ingest_ns == 1_700_000_000_000_000_000 + step
            numbers.setdefault(tick.symbol, []).append(tick.trade_id)
    assert len(numbers) == 24
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


def test_watermarks_are_events() -> None:
    source = TickSource("bench", symbols_of(4, 4, "S"), 4, 3)
    assert decode_ticks(source.watermark(2, 7, 9)) == Watermark("bench", 2, 7, 7, 9)


@pytest.mark.parametrize("group", [1, 100])
def test_the_input_passes_validation_without_a_mark(group: int) -> None:
    core = ValidateCore()
    outputs = [output for record in envelopes(group, 20_000) for output in core.apply(record)]
    assert {output.topic for output in outputs} == {Topic.TICKS}
    passed = [tick for output in outputs for tick in decode_ticks(output.value).ticks]  # type: ignore[union-attr]
    assert len(passed) == 20_000
    assert not any(tick.reasons for tick in passed)


def test_bars_are_bars() -> None:
    bars = [decode_bar(record.value) for record in bar_records(50)]
    assert all(float(bar.low) <= min(float(bar.open), float(bar.close)) for bar in bars)
    assert [one.ts_close_ns for one in bars[:-1]] == [one.ts_open_ns for one in bars[1:]]


def _samples(behind: list[int]) -> list[Sample]:
    return [Sample(float(second), records, 1_000 * second) for second, records in enumerate(behind)]


def test_lag_that_grows_is_told_from_lag_that_swings() -> None:
    assert judge_lag(_samples([900, 100, 950, 200, 900, 150, 800, 100, 990])) == Lag(0.9, 0.8, 0.99, False)
    assert judge_lag(_samples([500 * second for second in range(9)])).grows
    assert judge_lag([]) == judge_lag([Sample(float(s), 0, 70) for s in range(9)]) == Lag(0.0, 0.0, 0.0, False)


def test_lag_before_the_first_record_does_not_count() -> None:
    waiting = [Sample(float(second), 0, 0) for second in range(-20, 0)]
    growing = _samples([500 * second for second in range(9)])
    assert judge_lag(waiting + growing) == judge_lag(growing)


def test_memory_is_flat_or_grows() -> None:
    assert judge_size([40, 60, 80, 80, 81, 80, 82, 82.0]).flat
    grown = judge_size([80, 80, 80, 80, 100, 100, 125, 125.0])
    assert (grown.flat, grown.over_limit, grown.peak_mb) == (False, True, 125.0)


def test_state_of_a_symbol_is_bounded() -> None:
    """Twice the time, after what is kept is full, is not twice the state."""
    short, long = state_bytes(150), state_bytes(300)
    assert long["bars"] < 1.5 * short["bars"]
    assert short["indicators"] > 1_000
    assert short["signals"] == 0


def test_speed_is_judged_by_wall_and_by_core_time() -> None:
    found = summary("validate", 200_000, [Run(1, 100_000, 250_000), Run(1, 90_000, 210_000), Run(1, 300_000, 240_000)], 500_000)
    assert (found.ticks_per_s, found.ticks_per_core_s, found.runs) == (100_000, 240_000, 3)
    assert (found.reached, found.reached_by_core_time) == (False, True)


def test_texts_name_targets_and_misses() -> None:
    some = spread([2_000_000, 30_000_000])
    speed = summary("bars, 100 ticks an envelope", 300_000, [Run(1, 100_000, 350_000)], 500_000)
    closing = Closing(1000, 2, 0.5, 0.7, True)
    text = stages_text(Stages([speed], BarCost(0.04, some), True, 60.0, False, some, False, closing))
    assert [line.split()[-1] for line in text.splitlines()[-4:]] == ["reached", "missed", "missed", "reached"]
    assert "missed" in text.splitlines()[3]
    assert text.splitlines()[3].endswith("reached")


def test_a_load_is_reached_only_at_the_full_rate_and_without_growing_lag() -> None:
    load = Load(
        100_000, 99_500, 60, 6_000_000, {"bars": Lag(0.5, 0.6, 1, False)}, True, 1.5, {"kafka": Cost(60, 10, 400, 500, False)}, 10.0
    )
    assert "target 100,000: reached" in load_text(load)
    assert "target 100,000: missed" in load_text(replace(load, ticks_per_s=90_000))
    late = load_text(replace(load, keeps_up=False, drained_s=None))
    assert "lag grows (target 100,000: missed), all read not within three minutes" in late
    assert "missed" in load_latency_text({"all": LoadLatency(spread([1]), spread([1]), spread([9_000_000]))})


def test_memory_text_says_what_grows() -> None:
    sizes = {"gateway": judge_size([80, 80, 80, 100.0])}
    text = memory_text(Memory(10, 2, sizes, False, True, 300, {"bars": 9_000}))
    assert "grows" in text
    assert "9,000" in text
