"""Whose bars are primary where providers build them, as the stage decides it at the offers of polled sources."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from processors.validate.bar_rivals import BuiltBars
from processors.validate.core import ValidateCore
from processors.validate.limits import Limits
from runtime.errors import InvalidRecord
from runtime.settings import QualitySettings
from runtime.settings.failover import FailoverSettings
from runtime.stage import InputRecord, Output
from schemas.codec import decode_bar_primary
from schemas.reasons import Reason
from schemas.sources import BarOffer, PrimaryChange
from schemas.timeframes import DAY_NS, SECOND_NS
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, events, quote, record, run, ticks_record, trade
from tests.unit.processors.test_validate_primary import living

LIMITS = Limits.of(QualitySettings(), failover=FailoverSettings(settle_s=10))
BUILT = BuiltBars(("yahoo", "fmp", "quandl"), ("fx",))
DAY_S = DAY_NS // SECOND_NS


def made() -> ValidateCore:
    return ValidateCore(LIMITS, BUILT)


def offer(at_s: float, source: str, priority: int = 100, symbols: Iterable[str] = ("AAPL",), **more: Any) -> InputRecord:
    """heard_s: when the provider was there last; skew_s: by how much the ingestor's clock is wrong."""
    now_s = at_s + more.pop("skew_s", 0)
    heard_ns, now_ns = (T0_NS + round(one * SECOND_NS) for one in (more.pop("heard_s", now_s), now_s))
    timeframes = more.pop("timeframes", ("1d",))
    return record(BarOffer(source, 0, tuple(symbols), timeframes, heard_ns, now_ns, priority), topic=Topic.TICKS_RAW)


def offers(from_s: int, to_s: int, *sources: str, **priorities: int) -> list[InputRecord]:
    return [offer(at_s, one, priorities.get(one, 100)) for at_s in range(from_s, to_s) for one in sources]


def told(outputs: Iterable[Output]) -> list[PrimaryChange]:
    return [decode_bar_primary(output.value) for output in outputs if output.topic is Topic.BARS_RAW]


def said(outputs: Iterable[Output]) -> list[tuple[str, str, str, str, int]]:
    """Symbol, timeframe, source, reason, epoch of what is written to market.bars.raw."""
    return [(one.symbol, one.timeframe, one.source, one.reason, one.primary_epoch) for one in told(outputs)]


def test_the_first_source_has_them_and_people_need_not_know() -> None:
    outputs = run(made(), offers(0, 60, "yahoo"))
    assert said(outputs) == [("AAPL", "1d", "yahoo", "first", 0)]
    assert {output.topic for output in outputs} == {Topic.BARS_RAW}  # nothing of it is passed on


def test_each_timeframe_has_its_own() -> None:
    outputs = run(made(), [offer(0, "quandl"), offer(0, "yahoo", timeframes=("1m", "1d"))])
    assert said(outputs) == [("AAPL", "1d", "quandl", "first", 0), ("AAPL", "1m", "yahoo", "first", 0)]


def test_a_source_that_is_gone_is_replaced_within_six_seconds() -> None:
    core = made()
    run(core, offers(0, 20, "yahoo", "fmp"))
    outputs = run(core, offers(20, 40, "fmp"))
    (change,) = told(outputs)
    assert events(outputs, Topic.SOURCES) == [change]
    assert (change.source, change.previous, change.reason, change.primary_epoch, change.timeframe) == ("fmp", "yahoo", "lost", 1, "1d")
    assert 23 <= (change.known_at_ns - T0_NS) / SECOND_NS < 26


def test_a_source_whose_provider_is_away_is_replaced_though_it_talks() -> None:
    core = made()
    run(core, offers(0, 20, "yahoo", "fmp"))
    stuck = [one for at_s in range(20, 40) for one in (offer(at_s, "yahoo", heard_s=19), offer(at_s, "fmp"))]
    assert said(run(core, stuck)) == [("AAPL", "1d", "fmp", "lost", 1)]


def test_a_source_that_does_not_offer_a_symbol_any_more_is_replaced_at_once() -> None:
    core = made()
    both = [
        one for at_s in range(20) for one in (offer(at_s, "yahoo", symbols=("AAPL", "MSFT")), offer(at_s, "fmp", symbols=("AAPL", "MSFT")))
    ]
    run(core, both)
    outputs = run(core, [offer(20, "yahoo", symbols=("MSFT",)), offer(20, "fmp", symbols=("AAPL", "MSFT"))])
    assert said(outputs) == [("AAPL", "1d", "fmp", "lost", 1)]


def test_a_preferred_source_takes_over_once_it_has_settled_and_later_after_a_break() -> None:
    core = made()
    assert said(run(core, offers(0, 9, "yahoo", "fmp", fmp=10))) == [("AAPL", "1d", "yahoo", "first", 0)]
    assert said(run(core, offers(9, 13, "yahoo", "fmp", fmp=10))) == [("AAPL", "1d", "fmp", "preferred", 1)]
    assert said(run(core, offers(13, 20, "yahoo"))) == [("AAPL", "1d", "yahoo", "lost", 2)]
    assert said(run(core, offers(20, 38, "yahoo", "fmp", fmp=10))) == []
    assert said(run(core, offers(38, 44, "yahoo", "fmp", fmp=10))) == [("AAPL", "1d", "fmp", "preferred", 3)]


@pytest.mark.parametrize("talks", [True, False], ids=["its provider is away", "it is gone"])
def test_a_preferred_source_that_is_away_is_not_taken_for_settled_when_the_other_one_pauses(talks: bool) -> None:
    """A pause of whoever tells that it is away leaves nobody to say so: that is no sign of life."""
    core = made()
    run(core, offers(0, 20, "yahoo", "fmp", yahoo=10))
    away = [offer(at_s, "yahoo", 10, heard_s=19) for at_s in range(20, 90)] if talks else []
    living = [offer(at_s, "fmp") for at_s in (*range(20, 40), *range(60, 90))]
    assert said(run(core, sorted([*away, *living], key=lambda one: one.value.split(b"ts_ingest_ns")[1]))) == [
        ("AAPL", "1d", "fmp", "lost", 1)
    ]
    assert said(run(core, offers(90, 130, "yahoo", "fmp", yahoo=10))) == [("AAPL", "1d", "yahoo", "preferred", 2)]


def test_clocks_are_not_compared() -> None:
    both = [one for at_s in range(60) for one in (offer(at_s, "yahoo"), offer(at_s, "fmp", skew_s=-3600))]
    assert said(run(made(), both)) == [("AAPL", "1d", "yahoo", "first", 0)]


def streaming(from_s: int, to_s: int, symbol: str = "AAPL") -> list[InputRecord]:
    return [
        one
        for at_s in range(from_s, to_s)
        for one in (ticks_record([trade(at_s + 1, at_s, symbol=symbol)], source="polygon"), living(at_s + 0.2, "polygon"))
    ]


def test_a_symbol_of_which_a_stream_sends_trades_has_no_primary_bars_of_a_provider() -> None:
    core = made()
    assert said(run(core, [*streaming(0, 3), *offers(3, 5, "yahoo")])) == [("AAPL", "1d", "polygon", "first", 0)]
    core = made()
    run(core, offers(0, 5, "yahoo"))
    outputs = run(core, [*streaming(5, 6), *offers(6, 8, "yahoo")])
    assert said(outputs) == [("AAPL", "1d", "polygon", "streamed", 1)]
    assert [one.previous for one in events(outputs, Topic.SOURCES) if isinstance(one, PrimaryChange)] == ["yahoo"]


def test_a_stream_that_is_away_for_a_day_has_left_them() -> None:
    core = made()
    run(core, [*streaming(0, 3), *offers(3, 5, "yahoo")])
    (change,) = [one for one in told(run(core, [offer(at_s, "yahoo") for at_s in range(5, DAY_S + 60, 4)])) if one.reason != "first"]
    assert (change.source, change.previous, change.reason, change.heard_ns) == ("yahoo", "polygon", "lost", T0_NS + 2 * SECOND_NS)
    assert DAY_S < (change.known_at_ns - T0_NS) / SECOND_NS < DAY_S + 10


@pytest.mark.parametrize(("symbol", "holder"), [("AAPL", "yahoo"), ("EUR-USD", "polygon")])
def test_a_stream_of_quotes_counts_where_bars_are_built_of_quotes(symbol: str, holder: str) -> None:
    quotes = ticks_record([quote(1, symbol=symbol)], source="polygon")
    outputs = run(made(), [quotes, living(0.2, "polygon"), offer(1, "yahoo", symbols=(symbol,))])
    assert [one[2] for one in said(outputs)] == [holder]


def test_ticks_of_a_source_whose_own_bars_are_published_build_none() -> None:
    outputs = run(made(), [ticks_record([trade(symbol="AAPL")], source="fmp"), living(0.2, "fmp"), offer(1, "yahoo")])
    assert said(outputs) == [("AAPL", "1d", "yahoo", "first", 0)]


def test_who_has_them_is_told_again_once_a_day() -> None:
    core = made()
    run(core, [offer(0, "yahoo")])
    outputs = [output for hour in range(1, 50) for output in run(core, [offer(hour * 3600, "yahoo")])]
    assert said(outputs) == [("AAPL", "1d", "yahoo", "first", 0)] * 2
    assert {output.topic for output in outputs} == {Topic.BARS_RAW}


def test_a_restart_at_any_record_decides_the_same() -> None:
    records = [
        *offers(0, 12, "yahoo", "fmp", fmp=10),
        *offers(12, 20, "yahoo"),
        *streaming(20, 22),
        *offers(22, 24, "yahoo", "fmp"),
        *[offer(at_s, "fmp") for at_s in range(24, DAY_S + 60, 4)],
    ]
    once = [output.value for output in run(made(), records)]
    assert len(said(run(made(), records))) == 5
    core, found = made(), list[bytes]()
    for number, one in enumerate(records):
        found += [output.value for output in core.apply(one)]
        if number < 100 or number % 1_000 == 0:
            core, before = made(), core
            core.restore(before.snapshot())
    assert found == once


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"source": "Not A Name"}, Reason.INVALID_FIELD),
        ({"symbols": ("A,B",)}, Reason.INVALID_FIELD),
        ({"timeframes": ("7m",)}, Reason.INVALID_FIELD),
        ({"symbols": ("AAPL",) * 5_001}, Reason.INVALID_FIELD),
        ({"ts_event_ns": 5}, Reason.TIME_OUT_OF_RANGE),
        ({"ts_event_ns": T0_NS + DAY_NS}, Reason.TIME_OUT_OF_RANGE),
    ],
)
def test_an_offer_that_is_wrong_is_refused_and_changes_nothing(change: dict[str, Any], reason: Reason) -> None:
    core, fields = made(), {"source": "yahoo", "partition": 0, "symbols": ("AAPL",), "timeframes": ("1d",)}
    times = {"ts_event_ns": T0_NS, "ts_ingest_ns": T0_NS}
    before = core.snapshot()
    with pytest.raises(InvalidRecord) as refused:
        core.apply(record(BarOffer(**(fields | times | change)), topic=Topic.TICKS_RAW))
    assert refused.value.reason is reason
    assert core.snapshot() == before


def test_without_offers_nothing_is_decided() -> None:
    core = ValidateCore(replace(LIMITS, lost_ns=1), BUILT)
    assert told(run(core, streaming(0, 30))) == []
