"""What every stage promises (runtime.stage.StageCore), as one suite over all. A new stage adds one entry to CASES."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from processors.alerts import agent as alerts
from processors.bars import agent as bars
from processors.indicators import agent as indicators
from processors.signals import agent as signals
from processors.validate import agent as validate
from runtime.errors import InvalidRecord
from runtime.faust_stage import StageSpec
from runtime.settings import Settings
from runtime.stage import InputRecord, Output, StageCore
from schemas.codec import EVENTS
from schemas.headers import SYMBOLS, TYPE
from schemas.reasons import Reason
from schemas.ticks import TickEnvelope, Watermark
from schemas.topics import SPECS, Topic
from tests.unit.processors import inputs as made
from tests.unit.processors.alert_inputs import put, quality_windows
from tests.unit.processors.inputs import as_inputs, events, quote, run, ticks_record, trade, watermark_record
from tests.unit.processors.test_bars_provider import provider_bar
from tests.unit.processors.test_validate_bar_primaries import offer

TYPES = {
    Topic.TICKS: {b"ticks", b"watermark"},
    Topic.GAPS: {b"gap"},
    Topic.SOURCES: {b"primary"},
    Topic.BARS_RAW: {b"primary"},
    Topic.QUALITY: {b"quality"},
    Topic.DLQ: {b"dead_letter"},
    Topic.BARS: {b"bar"},
    Topic.INDICATORS: {b"indicators"},
    Topic.SIGNALS: {b"signal"},
    Topic.ALERTS: {b"alert"},
}


def raw_records() -> list[InputRecord]:
    """Two symbols over an hour, with everything that a stage must handle: holes, fills, duplicates, wrong ticks, late trades, watermarks."""
    records = []
    for minute in range(60):
        ticks = [trade(minute * 3 + number, minute * 60 + 20 * number, f"{100 + (minute * 7 + number) % 13}.5") for number in range(3)]
        ticks += [trade(minute, minute * 60 + 1, symbol="ETH-USDT"), quote(minute, symbol="ETH-USDT"), quote(minute // 2)]
        if minute % 10 == 3:
            del ticks[1]
        if minute % 10 == 7:
            ticks += [trade((minute - 4) * 3 + 1, (minute - 4) * 60 + 20, filled=True), trade(999 + minute, 0, "-1"), ticks[0]]
        records.append(ticks_record(ticks, 2 * minute))
        records.append(watermark_record(minute * 60 + 45, 2 * minute + 1, Topic.TICKS_RAW))
    return records + another_source(120) + polled_sources(124)


def another_source(offset: int) -> list[InputRecord]:
    """It goes on alone after the first one, and becomes the primary of the symbol that both have."""
    ticks = [ticks_record([trade(1, 3600), trade(2, 3661)], offset, source="coinbase")]
    return ticks + [watermark_record(3662 + 3 * number, offset + 1 + number, Topic.TICKS_RAW, "coinbase") for number in range(3)]


def polled_sources(offset: int) -> list[InputRecord]:
    """Two that offer bars of a symbol, of which one goes on alone; what they decide of a symbol that is streamed is told too."""
    offers = [offer(3700 + at_s, "yahoo", symbols=("SOL-USDT", "BTC-USDT")) for at_s in range(3)]
    offers += [offer(3700 + at_s, "fmp", symbols=("SOL-USDT",)) for at_s in range(12)]
    return [replace(one, offset=offset + number) for number, one in enumerate(offers)]


def outputs_before(stage: Callable[[Settings], StageSpec], inputs: list[InputRecord], topic: Topic) -> list[InputRecord]:
    return as_inputs(run(stage(Settings()).core(0), inputs), topic)


def tick_records() -> list[InputRecord]:
    return outputs_before(validate.spec, raw_records(), Topic.TICKS)


def bar_inputs() -> list[InputRecord]:
    """The ticks of the hour and of another one, then one that is too late for any correction, and a provider's bar, and whose such bars are primary."""
    hours = [trade(1000 + minute, minute * 60, "101") for minute in range(60, 150)]
    records = [*tick_records(), *(ticks_record([one], topic=Topic.TICKS) for one in (*hours, trade(2000, 65, "99")))]
    records = [replace(record, offset=offset) for offset, record in enumerate(records)]
    return [*records, provider_bar(source="binance"), *outputs_before(validate.spec, raw_records(), Topic.BARS_RAW)]


def bar_records() -> list[InputRecord]:
    return outputs_before(bars.spec, tick_records(), Topic.BARS)


def indicator_records() -> list[InputRecord]:
    return outputs_before(indicators.spec, bar_records(), Topic.INDICATORS)


def alert_records() -> list[InputRecord]:
    """Rules of several kinds, then bars and indicators in turn, and the gaps."""
    rules = [
        {"id": "high", "kind": "price_level", "direction": "above", "threshold": "108", "hysteresis": "2"},
        {"id": "move", "kind": "price_change", "direction": "either", "threshold": "2", "bars": 3, "cooldown_s": 600},
        {"id": "rsi", "kind": "indicator_cross", "indicator": "rsi_14", "direction": "above", "threshold": "50"},
        {"id": "gap", "kind": "gap_open"},
        {"id": "primary", "kind": "primary_changed"},
        {"id": "low", "kind": "price_level", "direction": "below", "threshold": "104", "timeframe": "5m"},
        {"id": "high", "kind": "price_level", "direction": "above", "threshold": "109"},
    ]
    gaps = outputs_before(validate.spec, raw_records(), Topic.GAPS)
    pairs = [one for pair in zip(bar_records(), indicator_records(), strict=False) for one in pair]
    control = [made.record(put(rule), offset, Topic.CONTROL) for offset, rule in enumerate(rules)]
    quality = [made.record(window, offset, Topic.QUALITY) for offset, window in enumerate(quality_windows()) if Topic.QUALITY in EVENTS]
    primaries = outputs_before(validate.spec, raw_records(), Topic.SOURCES)
    return [*control[:6], *pairs[:60], *gaps, *quality, *primaries, control[6], *pairs[60:]]


@dataclass(frozen=True)
class Case:
    """spec: the stage as its process runs it; inputs: records of its input topic."""

    spec: Callable[[Settings], StageSpec]
    inputs: Callable[[], list[InputRecord]]

    def core(self) -> StageCore:
        return self.spec(Settings()).core(0)


CASES = {
    "validate": Case(validate.spec, raw_records),
    "bars": Case(bars.spec, bar_inputs),
    "indicators": Case(indicators.spec, bar_records),
    "signals": Case(signals.spec, indicator_records),
    "alerts": Case(alerts.spec, alert_records),
}


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def test_inputs_lead_to_outputs_of_every_kind(case: Case) -> None:
    """Else the tests below would show nothing."""
    inputs = case.inputs()
    outputs = run(case.core(), inputs)
    assert len(inputs) >= 60
    assert {output.topic for output in outputs} - {Topic.DLQ} == set(case.spec(Settings()).outputs)


def test_the_same_records_give_the_same_bytes(case: Case) -> None:
    inputs = case.inputs()
    assert run(case.core(), inputs) == run(case.core(), inputs)


def test_snapshot_and_restore_anywhere_go_on_exactly(case: Case) -> None:
    inputs = case.inputs()
    expected = run(case.core(), inputs)
    for at in range(0, len(inputs), max(1, len(inputs) // 12)):
        first, second = case.core(), case.core()
        outputs = run(first, inputs[:at])
        second.restore(first.snapshot())
        outputs += run(second, inputs[at:])
        assert outputs == expected
        whole = case.core()
        run(whole, inputs)
        assert second.snapshot() == whole.snapshot()


def test_a_snapshot_changes_nothing(case: Case) -> None:
    inputs = case.inputs()
    core, outputs = case.core(), list[Output]()
    for record in inputs:
        assert core.snapshot() == core.snapshot()
        outputs += core.apply(record)
    assert outputs == run(case.core(), inputs)


BAD = (b"", b"{", b"\x00\xff\xfe", b"[" * 100_000, b'{"a":' + b"[" * 100_000, b'{"symbol":"\xff"}', b"null", b"[]", b'{"v":1}')


@pytest.mark.parametrize("value", BAD, ids=lambda value: repr(value[:20]))
def test_bytes_that_are_not_the_event_are_refused_and_change_nothing(case: Case, value: bytes) -> None:
    inputs = case.inputs()
    core = case.core()
    run(core, inputs[:40])
    state = core.snapshot()
    for topic in case.spec(Settings()).inputs:
        with pytest.raises(InvalidRecord) as caught:
            list(core.apply(InputRecord(topic, 0, 10_000, None, value)))
        assert caught.value.reason in (Reason.UNDECODABLE, Reason.INVALID_SCHEMA)
        assert core.snapshot() == state
    assert run(core, inputs[40:]) == run(case.core(), inputs)[len(run(case.core(), inputs[:40])) :]


def test_outputs_go_to_declared_topics_with_known_keys_and_headers(case: Case) -> None:
    spec = case.spec(Settings())
    for output in run(case.core(), case.inputs()):
        assert output.topic in {*spec.outputs, Topic.DLQ}
        assert output.headers[TYPE] in TYPES[output.topic]
        (event,) = events([output], output.topic)
        if isinstance(event, TickEnvelope):
            assert output.headers[SYMBOLS].decode().split(",") == list(dict.fromkeys(tick.symbol for tick in event.ticks))
        if isinstance(event, TickEnvelope | Watermark):
            assert output.key is None
        else:
            assert output.key in (b"BTC-USDT", b"ETH-USDT", b"SOL-USDT")


def test_the_stage_is_declared_completely(case: Case) -> None:
    settings = Settings()
    spec = case.spec(settings)
    assert spec.process == f"process-{spec.name}"
    assert spec.state == f"market.state.{spec.name}"
    assert SPECS[spec.state].compacted
    assert not any(SPECS[topic].compacted for topic in (*spec.inputs, *spec.outputs))
    assert all(topic in EVENTS for topic in (*spec.inputs, *spec.outputs))
    assert {record.topic for record in case.inputs()} == set(spec.inputs)
    assert spec.core(0) is not spec.core(1)


def test_pace_and_commits_are_the_settings_of_the_stage() -> None:
    settings = Settings()
    assert validate.spec(settings).pace_s == settings.process.validate_.pace_s
    assert bars.spec(settings).commit_interval_s == settings.process.bars.commit_interval_s
