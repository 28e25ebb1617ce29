"""Whose bars are primary where a stream and polled sources have one symbol, whose ticks too: never nobody's."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from processors.bars.core import BarsCore
from processors.validate.core import ValidateCore
from runtime.errors import InvalidRecord
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord
from schemas.bars import Bar
from schemas.sources import BarOffer
from schemas.ticks import Tick
from schemas.timeframes import DAY_NS, SECOND_NS
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, as_inputs, events, kept_ticks, quote, record, run, ticks_record, trade
from tests.unit.processors.test_validate_bar_primaries import BUILT, DAY_S, LIMITS, made, offer, offers, said, streaming, told
from tests.unit.processors.test_validate_primary import living


def polled(from_s: int, to_s: int, source: str = "fmp", priority: int = 100, trades: bool = False) -> list[InputRecord]:
    """A polled source that tells prices beside its bars, a second at a time."""
    found: list[InputRecord] = []
    for at_s in range(from_s, to_s):
        tick: Tick = quote(at_s + 1, symbol="AAPL", ts_event_ns=T0_NS + at_s * SECOND_NS)
        tick = trade(at_s + 1, at_s, symbol="AAPL") if trades else tick
        found += [ticks_record([tick], source=source), living(at_s + 0.2, source, priority), offer(at_s, source, priority)]
    return found


def mixed(*logs: list[InputRecord]) -> list[InputRecord]:
    """Second by second."""
    seconds = [[one[at : at + len(one) // 80] for at in range(0, len(one), len(one) // 80)] for one in logs]
    return [record for turn in zip(*seconds, strict=True) for part in turn for record in part]


def primary_bars(core: ValidateCore, records: Iterable[InputRecord]) -> list[Bar]:
    """What the stage `bars` says of the ticks in the end, of minutes."""
    outputs = run(BarsCore(ProcessSettings()), as_inputs(run(core, records), Topic.TICKS))
    newest = {(bar.source, bar.ts_open_ns): bar for bar in events(outputs, Topic.BARS) if bar.timeframe == "1m"}
    return [bar for bar in newest.values() if bar.primary]


@pytest.mark.parametrize("trades", [False, True])
def test_a_stream_that_comes_after_a_polled_source_has_the_ticks_too_once_it_has_settled(trades: bool) -> None:
    core, records = made(), [*polled(0, 5, trades=trades), *mixed(polled(5, 85, trades=trades), streaming(5, 85))]
    assert {(bar.source, bar.ts_open_ns) for bar in primary_bars(core, records)} == {("polygon", T0_NS)}
    assert said(run(core, [offer(86, "fmp")])) == []


def test_a_polled_source_does_not_take_the_ticks_of_a_stream() -> None:
    records = [*streaming(0, 5), *mixed(polled(5, 85, priority=1, trades=True), streaming(5, 85))]
    outputs = run(made(), records)
    assert [one for one in said(outputs) if one[3] != "first"] == []
    assert {tick.primary for tick in kept_ticks(run(made(), [*records, *polled(85, 99, priority=1, trades=True)]))} == {True, False}
    assert len(primary_bars(made(), records)) == 1


def test_a_symbol_that_the_stream_does_not_carry_any_more_is_left_after_a_day_though_the_stream_lives() -> None:
    core = made()
    run(core, [*streaming(0, 3), *offers(3, 5, "yahoo")])
    later = [one for at_s in range(5, 5 * DAY_S, 60) for one in (living(at_s, "polygon"), offer(at_s, "yahoo"))]
    (change,) = [one for one in told(run(core, later)) if one.reason != "first"]
    assert (change.source, change.previous, change.reason, change.heard_ns) == ("yahoo", "polygon", "lost", T0_NS + 2 * SECOND_NS)
    assert change.known_at_ns - T0_NS > DAY_NS


def test_ticks_of_a_polled_source_draw_no_line() -> None:
    core = made()
    run(core, polled(0, 10))
    (change,) = [one for one in told(run(core, offers(10, 30, "yahoo"))) if one.reason == "lost"]
    assert (change.previous, change.source, change.heard_ns) == ("fmp", "yahoo", 0)


def test_a_clock_that_was_wrong_and_is_set_right_may_be_preferred_soon() -> None:
    core = made()
    run(
        core,
        [*offers(0, 5, "yahoo"), *[one for at_s in range(5, 8) for one in (offer(at_s, "yahoo"), offer(at_s, "fmp", 10, skew_s=3600))]],
    )
    assert said(run(core, offers(8, 30, "yahoo", "fmp", fmp=10))) == [("AAPL", "1d", "fmp", "preferred", 1)]


@pytest.mark.parametrize("more", [{"symbols": ("AAPL", "AAPL")}, {"timeframes": ("1d", "1d")}])
def test_an_offer_that_says_a_thing_twice_is_refused(more: dict[str, Any]) -> None:
    """A record of a megabyte could else name five thousand symbols a hundred thousand times each."""
    fields = {"symbols": ("AAPL",), "timeframes": ("1d",)} | more
    with pytest.raises(InvalidRecord):
        made().apply(record(BarOffer("yahoo", 0, ts_event_ns=T0_NS, ts_ingest_ns=T0_NS, **fields), topic=Topic.TICKS_RAW))


def test_a_source_whose_bars_are_not_published_does_not_take_them_from_one_whose_bars_are() -> None:
    core = made()
    assert said(run(core, offers(0, 30, "yahoo-eu", "yahoo", **{"yahoo-eu": 1}))) == [("AAPL", "1d", "yahoo", "first", 0)]
    assert said(run(core, offers(30, 60, "yahoo-eu"))) == []


def test_bars_of_a_timeframe_that_is_not_built_are_the_providers() -> None:
    core = ValidateCore(LIMITS, replace(BUILT, timeframes=("1m", "5m")))
    outputs = run(core, [*streaming(0, 3), offer(3, "yahoo", timeframes=("1m", "1d"))])
    assert said(outputs) == [("AAPL", "1d", "yahoo", "first", 0), ("AAPL", "1m", "polygon", "first", 0)]


def test_trades_of_a_symbol_whose_bars_are_built_of_quotes_build_none() -> None:
    outputs = run(made(), [*streaming(0, 3, "EUR-USD"), offer(3, "yahoo", symbols=("EUR-USD",))])
    assert said(outputs) == [("EUR-USD", "1d", "yahoo", "first", 0)]
