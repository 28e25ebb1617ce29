"""validate and bars as a line that crashes anywhere: any order within the grace, duplicates, any split into envelopes, and after each crash what was not
yet in a snapshot is done again, cut off in the middle of a record's outputs. The final bars are those of a line that nothing happened to."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.bars.core import BarsCore
from processors.validate.core import ValidateCore
from runtime.stage import InputRecord, Output, StageCore
from schemas.identity import Identity, SeenIdentities
from schemas.ticks import Trade
from schemas.timeframes import SECOND_NS
from schemas.topics import Topic
from tests.property.test_bars_properties import (
    END_S,
    GRACE_S,
    SETTINGS,
    SIZES,
    TIMEFRAMES,
    assert_equal,
    records,
    trades_in_time_order,
)
from tests.unit.processors.inputs import as_inputs, final_bars, kept_ticks, run, watermark_record

# (record after which the last snapshot before the crash was made, records done beyond it, outputs of the last one that still reached the log)
Crash = tuple[int, int, int]
CRASHES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6), st.integers(0, 5)), max_size=4)


def crashing(make: Callable[[], StageCore], inputs: Sequence[InputRecord], crashes: Sequence[Crash]) -> list[Output]:
    """What a reader of the log takes: all that was written, repeats dropped by identity."""
    core, position, written = make(), 0, list[tuple[bytes, Output]]()

    def go_on(end: int) -> None:
        nonlocal position
        while position < min(end, len(inputs)):
            outputs = core.apply(inputs[position])
            written.extend((Identity("stage", "topic", 0, position, index).encode(), one) for index, one in enumerate(outputs))
            position += 1

    for covered, beyond, reached in sorted(crashes):
        go_on(covered)
        state, begin = core.snapshot(), position
        go_on(begin + beyond)
        last = [one for one in written if Identity.decode(one[0]).offset == position - 1] if position > begin else []
        del written[len(written) - max(0, len(last) - reached) :]
        core, position = make(), begin
        core.restore(state)
    go_on(len(inputs))
    seen = SeenIdentities()
    return [output for identity, output in written if not seen.is_repeat(identity)]


def arrived(trades: Sequence[Trade], random: Random) -> list[Trade]:
    """Each delayed by less than the grace, as an ingestor sends it, and some of them twice."""
    order = sorted(trades, key=lambda one: (one.ts_event_ns + random.randrange(GRACE_S * SECOND_NS), one.seq))
    once = [Trade(one.symbol, one.price, one.size, one.ts_event_ns, one.ts_ingest_ns, one.trade_id) for one in order]
    twice = list(once)
    for one in once:
        if random.random() < 0.3:
            twice.insert(random.randrange(twice.index(one) + 1, len(twice) + 1), one)
    return twice


def raw(ticks: Sequence[Trade], sizes: Sequence[int]) -> list[InputRecord]:
    return [InputRecord(Topic.TICKS_RAW, 0, one.offset, None, one.value, one.headers) for one in records(ticks, sizes)[:-1]]


@given(trades_in_time_order(), st.randoms(use_true_random=False), SIZES, CRASHES, CRASHES)
@settings(max_examples=60)
def test_the_same_final_bars(trades: list[Trade], random: Random, sizes: list[int], in_validate: list[Crash], in_bars: list[Crash]) -> None:
    order = arrived(trades, random)
    ticks = as_inputs(crashing(ValidateCore, raw(order, sizes), in_validate), Topic.TICKS)
    end = watermark_record(END_S, 10_000)
    written = crashing(lambda: BarsCore(SETTINGS), [*ticks, end], in_bars)
    bars = final_bars(written)
    once = sorted({one.trade_id: one for one in order}.values(), key=order.index)
    undisturbed = run(ValidateCore(), raw(once, [len(once)]))
    kept = [tick for tick in kept_ticks(undisturbed) if isinstance(tick, Trade)]
    assert {one.trade_id for one in kept} == {one.trade_id for one in trades}
    assert bars == final_bars(run(BarsCore(SETTINGS), [*as_inputs(undisturbed, Topic.TICKS), end]))
    assert {bar.revision for bar in assert_equal(written, kept).values()} <= {0}
    for symbol in {one.symbol for one in trades}:
        volume = sum(Decimal(one.size) for one in trades if one.symbol == symbol)
        assert {sum(Decimal(bar.volume) for key, bar in bars.items() if key[0] == symbol and key[2] == frame) for frame in TIMEFRAMES} == {
            volume
        }


def test_a_crash_repeats_and_cuts() -> None:
    """Else the property would show nothing: without dropping repeats by identity there are more records."""

    class Counting(ValidateCore):
        applied = 0

        def apply(self, record: InputRecord) -> list[Output]:
            Counting.applied += 1
            return list(super().apply(record))

    inputs = raw(arrived([Trade("BTC-USDT", "1", "1", n * SECOND_NS, n * SECOND_NS, n, seq=n) for n in range(1, 9)], Random(1)), [1])
    assert crashing(Counting, inputs, [(2, 3, 0)]) == run(ValidateCore(), inputs)
    assert Counting.applied == len(inputs) + 3
