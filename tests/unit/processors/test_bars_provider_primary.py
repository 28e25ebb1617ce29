"""Whose bars are primary where providers build them, as the stage `bars` follows what `validate` decides: each interval has one primary bar."""

from collections import defaultdict
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from processors.bars.core import BarsCore
from processors.indicators.core import IndicatorsCore
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, Output
from schemas.bars import ProviderBar
from schemas.headers import TYPE
from schemas.sources import PrimaryChange
from schemas.timeframes import MINUTE_NS
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, as_inputs, events, record, run
from tests.unit.processors.test_bars_provider_series import minute

LISTED = ProcessSettings(provider_bars=("yahoo", "fmp"), asset_classes={"ALWAYS": "crypto"})


def bar(number: int, source: str, close: str = "100", **more: object) -> ProviderBar:
    return structs.replace(minute(number, close), source=source, known_at_ns=T0_NS + (number + 1) * MINUTE_NS, **more)


def change(source: str, epoch: int, at: int, **more: object) -> PrimaryChange:
    """Known when minute `at` begins."""
    known_at_ns = T0_NS + at * MINUTE_NS
    one = PrimaryChange("ALWAYS", source, "", epoch, "lost", 0, known_at_ns, known_at_ns, "1m")
    return structs.replace(one, **more)


def log(*said: ProviderBar | PrimaryChange) -> list[InputRecord]:
    records = [record(one, offset, Topic.BARS_RAW) for offset, one in enumerate(said)]
    for one, event in zip(records, said, strict=True):
        one.headers[TYPE] = b"primary" if isinstance(event, PrimaryChange) else b"bar"
    return records


def told(outputs: Iterable[Output]) -> list[tuple[int, str, bool, int, int]]:
    """Minute, source, whether primary, epoch, revision of each published bar."""
    bars = events(outputs, Topic.BARS)
    return [((one.ts_open_ns - T0_NS) // MINUTE_NS, one.source, one.primary, one.primary_epoch, one.revision) for one in bars]


def test_until_something_is_decided_the_first_source_has_them() -> None:
    outputs = run(BarsCore(LISTED), log(bar(0, "yahoo"), bar(0, "fmp"), bar(1, "fmp"), bar(1, "yahoo")))
    assert told(outputs) == [(0, "yahoo", True, 0, 0), (0, "fmp", False, 0, 0), (1, "fmp", False, 0, 0), (1, "yahoo", True, 0, 0)]


def test_what_is_decided_before_the_first_bar_holds() -> None:
    outputs = run(BarsCore(LISTED), log(change("fmp", 0, 0), bar(0, "yahoo"), bar(0, "fmp")))
    assert told(outputs) == [(0, "yahoo", False, 0, 0), (0, "fmp", True, 0, 0)]


def test_the_next_source_tells_again_what_the_former_one_had_not_said() -> None:
    said = [bar(0, "yahoo"), bar(0, "fmp"), bar(1, "fmp"), bar(2, "fmp"), change("fmp", 1, 4), bar(3, "fmp"), bar(1, "yahoo")]
    outputs = run(BarsCore(LISTED), log(*said))
    assert told(outputs)[4:] == [
        (1, "fmp", True, 1, 1),
        (2, "fmp", True, 1, 1),
        (3, "fmp", True, 1, 0),
        (1, "yahoo", False, 1, 0),  # it comes when nobody waits for it any more
    ]
    again = events(outputs, Topic.BARS)[4]
    assert again.known_at_ns == T0_NS + 4 * MINUTE_NS
    assert (again.close, again.kind, again.quality) == ("100", "provider", 1.0)


def test_what_the_former_one_had_said_stays_its_own_with_its_corrections() -> None:
    correction = bar(0, "yahoo", "101", again=True)
    correction.known_at_ns = T0_NS + 9 * MINUTE_NS
    outputs = run(BarsCore(LISTED), log(bar(0, "yahoo"), bar(0, "fmp"), change("fmp", 1, 2), correction))
    assert told(outputs)[2:] == [(0, "yahoo", True, 0, 1)]


def test_it_comes_back() -> None:
    said = [bar(0, "yahoo"), change("fmp", 1, 2), bar(1, "fmp"), bar(1, "yahoo"), bar(2, "yahoo"), change("yahoo", 2, 4), bar(3, "yahoo")]
    outputs = run(BarsCore(LISTED), log(*said, bar(2, "fmp")))
    assert told(outputs) == [
        (0, "yahoo", True, 0, 0),
        (1, "fmp", True, 1, 0),
        (1, "yahoo", False, 1, 0),
        (2, "yahoo", False, 1, 0),
        (2, "yahoo", True, 2, 1),
        (3, "yahoo", True, 2, 0),
        (2, "fmp", False, 2, 0),
    ]


def test_what_is_told_again_changes_nothing() -> None:
    said = [bar(0, "yahoo"), change("yahoo", 0, 0), bar(1, "yahoo"), change("yahoo", 0, 9), bar(2, "yahoo")]
    assert told(run(BarsCore(LISTED), log(*said))) == [(number, "yahoo", True, 0, 0) for number in range(3)]


def test_a_stream_takes_them_from_now_on_and_leaves_them_behind_its_last_tick() -> None:
    back = change("yahoo", 2, 6, heard_ns=T0_NS + 4 * MINUTE_NS)
    later = [bar(number, "yahoo") for number in range(1, 6)]
    outputs = run(BarsCore(LISTED), log(bar(0, "yahoo"), change("binance", 1, 1, reason="streamed"), *later, back, bar(6, "yahoo")))
    assert told(outputs)[1:] == [
        *((number, "yahoo", False, 1, 0) for number in range(1, 6)),
        (4, "yahoo", True, 2, 1),
        (5, "yahoo", True, 2, 1),
        (6, "yahoo", True, 2, 0),
    ]


def test_bars_that_are_imported_or_fetched_from_the_past_claim_nothing() -> None:
    outputs = run(BarsCore(LISTED), log(bar(0, "fmp", primary=False), bar(1, "yahoo"), bar(2, "fmp", primary=False)))
    assert [one[2] for one in told(outputs)] == [False, True, False]


def test_bars_of_the_past_of_a_live_source_are_as_its_own() -> None:
    outputs = run(BarsCore(LISTED), log(bar(9, "yahoo"), bar(9, "fmp"), bar(1, "yahoo", primary=False), bar(1, "fmp", primary=False)))
    assert told(outputs)[2:] == [(1, "yahoo", True, 0, 0), (1, "fmp", False, 0, 0)]


def test_indicators_follow_their_bars() -> None:
    said = [bar(0, "yahoo"), bar(0, "fmp"), bar(1, "fmp"), change("fmp", 1, 4)]
    outputs = run(BarsCore(LISTED), log(*said))
    computed = events(run(IndicatorsCore(LISTED), as_inputs(outputs, Topic.BARS)), Topic.INDICATORS)
    last = computed[-1]
    assert (last.source, last.primary, last.primary_epoch, last.revision) == ("fmp", True, 1, 1)


@pytest.mark.parametrize("value", [b"", b"{}", b'{"type":"primary"}'])
def test_a_change_that_cannot_be_read_is_a_dead_letter(value: bytes) -> None:
    from runtime.errors import InvalidRecord

    with pytest.raises(InvalidRecord):
        BarsCore(LISTED).apply(InputRecord(Topic.BARS_RAW, 0, 0, None, value, {TYPE: b"primary"}))


@st.composite
def logs(draw: st.DrawFn) -> list[ProviderBar | PrimaryChange]:
    """Two sources, each with its own minutes in order and with delays; changes in between."""
    said: list[ProviderBar | PrimaryChange] = []
    next_of, epoch, ruler = {"yahoo": 0, "fmp": 0}, 0, "yahoo"
    for _ in range(draw(st.integers(5, 60))):
        if draw(st.integers(0, 5)) == 0:
            ruler, epoch = "fmp" if ruler == "yahoo" else "yahoo", epoch + 1
            said.append(change(ruler, epoch, max(next_of.values())))
        else:
            source = draw(st.sampled_from(sorted(next_of)))
            said.append(bar(next_of[source], source, str(draw(st.integers(90, 110)))))
            next_of[source] += draw(st.sampled_from((1, 1, 1, 2)))
            if next_of[source] > min(next_of.values()) + 10:  # it does not run away: so much is remembered
                next_of[min(next_of, key=next_of.__getitem__)] += 5
    return said


@given(logs(), st.data())
def test_each_interval_has_one_primary_bar_however_it_is_restarted(said: list[ProviderBar | PrimaryChange], data: st.DataObject) -> None:
    records = log(*said)
    outputs = run(BarsCore(LISTED), records)
    newest: dict[tuple[int, str], bool] = {}
    primaries = defaultdict[int, set[str]](set)
    for number, source, primary, _, _ in told(outputs):
        newest[number, source] = primary
    for (number, source), primary in newest.items():
        if primary:
            primaries[number].add(source)
    assert all(len(sources) == 1 for sources in primaries.values())
    cut = data.draw(st.integers(0, len(records)))
    core, before = BarsCore(LISTED), BarsCore(LISTED)
    first = run(before, records[:cut])
    core.restore(before.snapshot())
    assert [one.value for one in first + run(core, records[cut:])] == [one.value for one in outputs]
