"""Which source is a symbol's primary one: the rule by itself, and as the stage follows it through a log of two sources."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from processors.validate.core import ValidateCore
from processors.validate.limits import Limits
from processors.validate.primary import Candidate, Choice, choose
from runtime.settings import QualitySettings
from runtime.settings.failover import FailoverSettings
from runtime.stage import InputRecord, Output
from schemas.sources import PrimaryChange
from schemas.ticks import Tick, Watermark
from schemas.timeframes import SECOND_NS
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, events, kept_ticks, quote, record, run, ticks_record, trade

LIMITS = Limits.of(QualitySettings(anomaly_window=16), failover=FailoverSettings(settle_s=10))


def living(at_s: float, source: str, priority: int = 100, event_s: float | None = None, skew_s: float = 0.0) -> InputRecord:
    """A watermark. event_s: where event time stands; skew_s: by how much the ingestor's clock is wrong."""
    event_ns, now_ns = (T0_NS + round(one * SECOND_NS) for one in (at_s if event_s is None else event_s, at_s + skew_s))
    return record(Watermark(source, 0, event_ns, now_ns, 0, priority), topic=Topic.TICKS_RAW)


def tick(at_s: float, source: str, symbol: str = "BTC-USDT", **more: object) -> InputRecord:
    return ticks_record([trade(round(at_s * 1000) + 1, at_s, symbol=symbol, **more)], source=source)


def both(from_s: int, to_s: int, first: str = "kraken", second: str = "coinbase", **priorities: int) -> list[InputRecord]:
    """Both sources live and trade, a second at a time; priorities by source."""
    records = []
    for at_s in range(from_s, to_s):
        for source in (first, second):
            records += [tick(at_s + 0.1, source), living(at_s + 0.2, source, priorities.get(source, 100))]
    return records


def alone(from_s: int, to_s: int, source: str, priority: int = 100) -> list[InputRecord]:
    return [one for at_s in range(from_s, to_s) for one in (tick(at_s + 0.1, source), living(at_s + 0.2, source, priority))]


def changes(outputs: Iterable[Output]) -> list[tuple[str, str, int, float]]:
    """New source, reason, epoch, second of each change."""
    found: list[PrimaryChange] = events(outputs, Topic.SOURCES)
    return [(one.source, one.reason, one.primary_epoch, (one.ts_event_ns - T0_NS) / SECOND_NS) for one in found]


def primaries(outputs: Iterable[Output]) -> list[bool]:
    return [one.primary for one in kept_ticks(outputs)]


@pytest.mark.parametrize(
    ("candidates", "choice"),
    [
        ([Candidate("a", 1), Candidate("b", 2)], None),
        ([Candidate("a", 1, is_lost=True), Candidate("b", 2)], Choice("b", "lost")),
        ([Candidate("a", 1, is_quiet=True), Candidate("b", 2)], Choice("b", "quiet")),
        ([Candidate("a", 1, is_lost=True), Candidate("b", 2, is_lost=True)], None),
        ([Candidate("a", 1, is_lost=True), Candidate("b", 2, is_settled=False)], Choice("b", "lost")),
        ([Candidate("a", 1, is_lost=True), Candidate("b", 2, is_settled=False), Candidate("c", 3)], Choice("c", "lost")),
        ([Candidate("a", 5), Candidate("b", 2)], Choice("b", "preferred")),
        ([Candidate("a", 5), Candidate("b", 2, is_settled=False)], None),
        ([Candidate("a", 5), Candidate("b", 5)], None),
        ([Candidate("a", 5, is_settled=False), Candidate("c", 2), Candidate("b", 2)], Choice("b", "preferred")),
        ([Candidate("b", 2), Candidate("c", 3)], Choice("b", "lost")),
    ],
)
def test_the_rule(candidates: list[Candidate], choice: Choice | None) -> None:
    assert choose("a", candidates) == choice


def test_one_source_is_primary_and_nothing_is_said_of_it() -> None:
    outputs = run(ValidateCore(LIMITS), alone(0, 60, "kraken"))
    assert set(primaries(outputs)) == {True}
    assert changes(outputs) == []


def test_the_first_source_is_primary_the_second_is_not() -> None:
    outputs = run(ValidateCore(LIMITS), both(0, 3))
    assert primaries(outputs) == [True, False] * 3


def test_a_lost_primary_is_replaced_within_six_seconds_of_event_time_and_the_watermark_says_so() -> None:
    core = ValidateCore(LIMITS)
    run(core, both(0, 10))
    outputs = run(core, alone(10, 20, "coinbase"))
    ((source, reason, epoch, at_s),) = changes(outputs)
    assert (source, reason, epoch) == ("coinbase", "lost", 1)
    assert 13 < at_s < 15.5
    (told,) = [one for one in events(outputs, Topic.TICKS) if isinstance(one, Watermark) and one.changes]
    assert [(one.symbol, one.source, one.previous, one.epoch) for one in told.changes] == [("BTC-USDT", "coinbase", "kraken", 1)]
    assert [one.primary_epoch for one in kept_ticks(outputs) if one.primary] == [1] * primaries(outputs).count(True)
    assert primaries(outputs)[-1] is True


def test_a_source_whose_event_time_stands_still_is_lost_though_it_talks() -> None:
    core = ValidateCore(LIMITS)
    run(core, both(0, 10))
    stuck = [one for at_s in range(10, 20) for one in (living(at_s, "kraken", event_s=9.2), *alone(at_s, at_s + 1, "coinbase"))]
    assert [one[:2] for one in changes(run(core, stuck))] == [("coinbase", "lost")]


def test_a_preferred_source_takes_over_once_it_has_settled_and_later_after_each_break() -> None:
    core = ValidateCore(LIMITS)
    first = changes(run(core, both(0, 30, coinbase=10)))
    assert [one[:3] for one in first] == [("coinbase", "preferred", 1)]
    assert 10 <= first[0][3] < 12
    second = changes(run(core, [*alone(30, 40, "kraken"), *both(40, 80, coinbase=10)]))
    assert [one[:3] for one in second] == [("kraken", "lost", 2), ("coinbase", "preferred", 3)]
    assert 60 <= second[1][3] < 62  # it broke soon after it came: twice as long
    third = changes(run(core, [*alone(80, 90, "kraken"), *both(90, 160, coinbase=10)]))
    assert 130 <= third[1][3] < 132


def test_a_new_priority_counts_at_once_where_the_source_has_settled() -> None:
    core = ValidateCore(LIMITS)
    assert changes(run(core, both(0, 30))) == []
    (change,) = changes(run(core, both(30, 40, coinbase=50)))
    assert change[:2] == ("coinbase", "preferred")
    assert change[3] < 32


def test_clocks_of_ingestors_are_not_compared() -> None:
    core = ValidateCore(LIMITS)
    records = []
    for at_s in range(60):
        records += [tick(at_s + 0.1, "kraken"), living(at_s + 0.2, "kraken")]
        records += [tick(at_s + 0.1, "coinbase"), living(at_s + 0.2, "coinbase", skew_s=3600)]
    assert changes(run(core, records)) == []


def test_a_symbol_that_its_living_primary_sends_no_more_moves_and_others_stay() -> None:
    core, records = ValidateCore(LIMITS), []
    for at_s in range(90):
        for source in ("kraken", "coinbase"):
            symbols = ("BTC-USDT", "ETH-USDT") if source == "coinbase" or at_s < 50 else ("BTC-USDT",)
            ticks: list[Tick] = [trade(at_s + 1, at_s + 0.1, symbol=symbol) for symbol in symbols]
            records += [ticks_record(ticks, source=source), living(at_s + 0.2, source)]
    found: list[PrimaryChange] = events(run(core, records), Topic.SOURCES)
    assert [(one.symbol, one.source, one.reason) for one in found] == [("ETH-USDT", "coinbase", "quiet")]
    assert (found[0].ts_event_ns - T0_NS) / SECOND_NS < 80


def test_ticks_beside_the_line_are_never_primary() -> None:
    """Those of an imported file, whose source writes watermarks too, and fast."""
    core = ValidateCore(LIMITS)
    imported = [one for at_s in range(0, 6000, 100) for one in (tick(at_s, "file", primary=False), living(at_s, "file", 1))]
    outputs = run(core, [*both(0, 10), *imported, *both(10, 20)])
    assert changes(outputs) == []
    assert not any(one.primary for one in kept_ticks(run(core, [tick(9000, "file", primary=False)])))


def test_quotes_alone_do_not_take_the_place_of_trades() -> None:
    core = ValidateCore(LIMITS)
    quotes = [ticks_record([quote(at_s + 1, ts_event_ns=T0_NS + at_s * SECOND_NS)], source="quoted") for at_s in range(30)]
    pairs = [one for at_s, record_ in enumerate(quotes) for one in (record_, living(at_s + 0.2, "quoted", 1))]
    assert changes(run(core, [*alone(0, 5, "kraken"), *pairs])) == []


def test_what_an_ingestor_says_of_primaries_does_not_count() -> None:
    (output,) = ValidateCore(LIMITS).apply(living(0, "kraken"))
    raw = living(1, "kraken")
    lying = replace(raw, value=raw.value.replace(b'"changes":[]', b'"changes":[{"symbol":"A-B","source":"x","previous":"y","epoch":9}]'))
    assert lying.value != raw.value
    (output,) = ValidateCore(LIMITS).apply(lying)
    assert events([output], Topic.TICKS)[0].changes == ()


def test_quality_says_which_source_is_primary() -> None:
    outputs = run(ValidateCore(LIMITS), both(0, 12))
    assert {(one.source, one.primary) for one in events(outputs, Topic.QUALITY)} == {("kraken", True), ("coinbase", False)}


def test_a_restored_state_decides_as_the_original_would() -> None:
    records = [*both(0, 20, coinbase=10), *alone(20, 30, "kraken"), *both(30, 60, coinbase=10)]
    whole, cut = ValidateCore(LIMITS), ValidateCore(LIMITS)
    expected, outputs = run(whole, records), list[Output]()
    for number, one in enumerate(records):
        outputs += cut.apply(one)
        if number % 7 == 0:
            snapshot, cut = cut.snapshot(), ValidateCore(LIMITS)
            cut.restore(snapshot)
    assert outputs == expected
    assert len(changes(expected)) == 3


def test_state_from_before_there_were_primaries_has_one_of_each_symbol() -> None:
    core = ValidateCore(LIMITS)
    run(core, both(0, 2))
    for series in core._series.values():
        series.primary = True
    core._series.touch_all(list(core._series))
    restored = ValidateCore(LIMITS)
    restored.restore(core.snapshot())
    assert primaries(run(restored, both(2, 4))) == [True, False] * 2
