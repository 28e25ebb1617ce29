import pytest
from prometheus_client import REGISTRY

from processors.validate.core import ValidateCore
from runtime.errors import InvalidRecord
from schemas.codec import decode_dead_letter, encode
from schemas.ticks import TickEnvelope, Trade, Watermark
from schemas.topics import Topic
from tests.unit.processors.inputs import (
    T0_NS,
    events,
    gaps_of,
    kept_ticks,
    needs_recordings,
    quote,
    record,
    recorded_ticks,
    run,
    ticks_record,
    trade,
    watermark_record,
)


def test_good_ticks_pass_numbered_per_symbol_and_source() -> None:
    core = ValidateCore()
    ticks = [trade(7), trade(1, symbol="ETH-USDT"), quote(3), trade(8)]
    (output,) = core.apply(ticks_record(ticks))
    assert (output.topic, output.key, output.headers) == (Topic.TICKS, None, {"type": b"ticks", "symbols": b"BTC-USDT,ETH-USDT"})
    (envelope,) = events([output], Topic.TICKS)
    assert (envelope.source, envelope.ts_receive_ns, envelope.trade_ids_contiguous) == ("binance", T0_NS, True)
    assert [(tick.symbol, tick.seq, tick.quality, tick.reasons) for tick in envelope.ticks] == [
        ("BTC-USDT", 1, 1.0, ()),
        ("ETH-USDT", 1, 1.0, ()),
        ("BTC-USDT", 2, 1.0, ()),
        ("BTC-USDT", 3, 1.0, ()),
    ]
    other = core.apply(ticks_record([trade(7)], source="coinbase"))
    assert kept_ticks(other)[0].seq == 1


def test_what_an_ingestor_says_of_seq_and_score_does_not_count() -> None:
    (tick,) = kept_ticks(ValidateCore().apply(ticks_record([trade(1, seq=99, quality=0.1, reasons=("late",))])))
    assert (tick.seq, tick.quality, tick.reasons) == (1, 1.0, ())


def test_duplicates_are_dropped_counted_and_numbered_nowhere() -> None:
    before = _dropped()
    outputs = run(ValidateCore(), [ticks_record([trade(1), quote(5), trade(1), quote(5), quote(4), trade(2)]), ticks_record([trade(2)], 1)])
    assert [tick.seq for tick in kept_ticks(outputs)] == [1, 2, 3]
    assert len(outputs) == 1  # an envelope that nothing is left of is not sent
    assert _dropped() - before == 4


def _dropped() -> float:
    return REGISTRY.get_sample_value("tickerplant_dropped_total", {"stage": "validate", "reason": "duplicate"}) or 0.0


def test_wrong_ticks_become_dead_letters_and_the_rest_goes_on() -> None:
    bad = trade(2, price="-1")
    outputs = list(ValidateCore().apply(ticks_record([trade(1), bad, trade(3)], offset=17, contiguous=False)))
    assert [output.topic for output in outputs] == [Topic.TICKS, Topic.DLQ]
    assert [tick.trade_id for tick in kept_ticks(outputs)] == [1, 3]
    letter = decode_dead_letter(outputs[1].value)
    assert (letter.stage, letter.topic, letter.partition, letter.offset, letter.index) == ("validate", "market.ticks.raw", 0, 17, 1)
    assert (letter.reason, letter.error, letter.payload) == ("non_positive_price", "price is -1", encode(bad))
    assert (letter.source, letter.trace, letter.ts_ns) == ("binance", "t-1", bad.ts_ingest_ns)
    assert (outputs[1].key, outputs[1].headers) == (b"BTC-USDT", {"type": b"dead_letter"})


def test_a_dead_lettered_trade_may_come_again_in_good_form() -> None:
    outputs = run(ValidateCore(), [ticks_record([trade(1), trade(2, price="x")]), ticks_record([trade(2)], 1)])
    assert [tick.trade_id for tick in kept_ticks(outputs)] == [1, 2]


def test_a_symbol_that_is_none_is_refused_tick_by_tick() -> None:
    outputs = list(ValidateCore().apply(ticks_record([trade(1, symbol="A,B"), trade(1)])))
    assert [tick.symbol for tick in kept_ticks(outputs)] == ["BTC-USDT"]
    assert [letter.reason for letter in events(outputs, Topic.DLQ)] == ["invalid_field"]


def test_a_hole_opens_a_gap_and_its_last_trade_closes_it() -> None:
    core = ValidateCore()
    (opened,) = gaps_of(core.apply(ticks_record([trade(10, 0), trade(13, 3)])))
    assert (opened.gap_id, opened.cause, opened.state, opened.size, opened.filled) == (
        "binance:BTC-USDT:trade:10:13",
        "sequence",
        "open",
        2,
        0,
    )
    assert (opened.from_id, opened.to_id, opened.from_ns, opened.to_ns) == (10, 13, T0_NS, T0_NS + 3_000_000_000)
    assert gaps_of(core.apply(ticks_record([trade(12, 2, filled=True)], 1))) == []
    restored = ValidateCore()
    restored.restore(core.snapshot())
    outputs = list(restored.apply(ticks_record([trade(11, 1, filled=True), trade(11, 1, filled=True), trade(14, 4)], 2)))
    (closed,) = gaps_of(outputs)
    assert (closed.gap_id, closed.state, closed.filled, closed.known_at_ns) == (opened.gap_id, "filled", 2, T0_NS + 1_001_000_000)
    assert [tick.reasons for tick in kept_ticks(outputs)] == [("out_of_order", "gap_filled"), ()]
    assert [(output.topic, output.key) for output in outputs] == [(Topic.TICKS, None), (Topic.GAPS, b"BTC-USDT")]


def test_the_trade_after_a_hole_says_so() -> None:
    ticks = kept_ticks(ValidateCore().apply(ticks_record([trade(10), trade(12), trade(13)])))
    assert [(tick.reasons, tick.quality) for tick in ticks] == [((), 1.0), (("sequence_gap",), 0.7), ((), 1.0)]


def test_ids_that_the_source_does_not_count_make_no_gaps() -> None:
    outputs = run(ValidateCore(), [ticks_record([trade(10), trade(99), trade(1, trade_id="x-7")], contiguous=False)])
    assert gaps_of(outputs) == []
    assert [tick.reasons for tick in kept_ticks(outputs)] == [(), (), ()]


def test_an_older_time_than_the_newest_trade_is_out_of_order_and_quotes_have_no_part_in_it() -> None:
    ticks = [trade(1, 5), quote(1, ts_event_ns=T0_NS + 9), trade(2, 4), trade(3, 5), quote(2)]
    assert [tick.reasons for tick in kept_ticks(ValidateCore().apply(ticks_record(ticks)))] == [(), (), ("out_of_order",), (), ()]


def test_holes_are_given_up_when_too_many_are_open() -> None:
    outputs = run(ValidateCore(), [ticks_record([trade(2 * number) for number in range(1, 300)])])
    states = [gap.state for gap in gaps_of(outputs)]
    assert (states.count("open"), states.count("unfillable")) == (298, 298 - 256)


def test_watermarks_pass_byte_for_byte() -> None:
    raw = watermark_record(5, topic=Topic.TICKS_RAW)
    raw.value = raw.value.replace(b'{"type"', b'{ "type"')
    (output,) = ValidateCore().apply(raw)
    assert (output.topic, output.value, output.key, output.headers) == (Topic.TICKS, raw.value, None, {"type": b"watermark"})


@pytest.mark.parametrize("event", [Watermark("binance", 0, 2**70, T0_NS, T0_NS), TickEnvelope("no source!", T0_NS, [trade()])])
def test_records_that_are_wrong_as_a_whole_are_refused(event: TickEnvelope | Watermark) -> None:
    with pytest.raises(InvalidRecord):
        ValidateCore().apply(record(event, topic=Topic.TICKS_RAW))


@needs_recordings
def test_the_recorded_capture_passes_whole_and_its_replay_changes_nothing() -> None:
    ticks = recorded_ticks("binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz")
    records = [ticks_record(ticks[start : start + 250], start) for start in range(0, len(ticks), 250)]
    core = ValidateCore()
    outputs = run(core, records)
    kept = kept_ticks(outputs)
    trades = [tick for tick in kept if isinstance(tick, Trade)]
    assert (len(trades), trades[0].trade_id, trades[-1].trade_id) == (19_904, 3735683259, 3735703162)
    assert len(kept) - len(trades) == 73_174
    assert [tick.seq for tick in kept] == list(range(1, len(kept) + 1))
    assert {output.topic for output in outputs} == {Topic.TICKS}  # no gap, no dead letter
    assert run(core, records) == []
    assert len(core.snapshot()) < 2_100
