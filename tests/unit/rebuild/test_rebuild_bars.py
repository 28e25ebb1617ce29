"""What the batch job makes of a stream that let late trades go: the bars and indicators of a stream that kept them."""

from dataclasses import dataclass

import pytest

from runtime.settings import ProcessSettings, Settings
from schemas.bars import Bar
from schemas.sessions import calendar_of
from schemas.timeframes import MINUTE_NS, SECOND_NS, Timeframe
from tests.memory_tables import MemoryTables
from tests.unit.rebuild.late_trades import T0_NS, TIMEFRAMES, trades
from tests.verify_world import World, envelope
from tickerplant.rebuild.bars import Asked, Rebuild, minutes_of, trade_of
from tickerplant.rebuild.indicators import bar_of, is_from_beginning, records, window_ns, with_changes
from tickerplant.verify.store import Series

SERIES = Series("BTC-USDT", "binance")
NEVER_CLOSED = 10**19


def settings(history_bars: int) -> Settings:
    return Settings(process=ProcessSettings(timeframes=TIMEFRAMES, history_bars=history_bars))


@dataclass
class Lines:
    """The line as it is by default, and one that corrects as far as the late trades are back."""

    short: MemoryTables
    long: MemoryTables


def tables(history_bars: int) -> MemoryTables:
    world = World(settings(history_bars))
    world.feed(*(envelope([trade]) for trade in trades()))
    return world.tables()


@pytest.fixture(scope="module")
def lines() -> Lines:
    return Lines(tables(64), tables(500))


def stored_bars(of: MemoryTables, timeframe: Timeframe) -> dict[int, Bar]:
    return {row.ts_open_ns: bar_of(row, *SERIES, timeframe.value) for row in of.bars(SERIES, timeframe.value)}


def rebuild(of: MemoryTables, from_minute: int, to_minute: int, known_at_ns: int = 7) -> Rebuild:
    minutes = sorted(stored_bars(of, Timeframe.M1))
    asked = Asked(*SERIES, T0_NS + from_minute * MINUTE_NS, T0_NS + to_minute * MINUTE_NS, minutes[-64])
    job = Rebuild(asked, calendar_of("crypto"), T0_NS + SECOND_NS, known_at_ns)
    lowest, highest = job.needed(TIMEFRAMES)
    folded = minutes_of(trade_of(row, "BTC-USDT") for row in of.ticks(SERIES) if lowest <= row.ts_event_ns < highest)
    for timeframe in TIMEFRAMES:
        job.compare(timeframe, folded, {row.ts_open_ns: row for row in of.bars(SERIES, timeframe.value)})
    return job


def content(bar: Bar) -> tuple[object, ...]:
    return (
        bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote_volume, bar.vwap, bar.trade_count, bar.quality,
        tuple(reason for reason in bar.reasons if reason != "rebuilt"),
    )  # fmt: skip


def test_the_changed_bars_are_those_of_a_stream_that_reaches_as_far_back(lines: Lines) -> None:
    found = rebuild(lines.short, 0, 60).found
    assert {(bar.timeframe, (bar.ts_open_ns - T0_NS) // MINUTE_NS) for bar in found.changed} == {
        *(("1m", minute) for minute in (3, 4, 20, 30)),
        *(("5m", minute) for minute in (0, 20, 30)),
        ("1h", 0),
    }
    assert found.compared == 60 + 12 + 1
    for bar in found.changed:
        right = stored_bars(lines.long, Timeframe(bar.timeframe))[bar.ts_open_ns]
        before = stored_bars(lines.short, Timeframe(bar.timeframe)).get(bar.ts_open_ns)
        assert content(bar) == content(right)
        assert bar.revision == (before.revision + 1 if before else 0)
        assert "rebuilt" in bar.reasons
        assert bar.known_at_ns == 7


def test_a_second_run_finds_nothing_to_do(lines: Lines) -> None:
    assert rebuild(lines.long, 0, 60).found.changed == []


def test_bars_that_the_stream_may_still_correct_wait(lines: Lines) -> None:
    found = rebuild(lines.short, 100, 200).found
    assert found.changed == []
    kept_from = (sorted(stored_bars(lines.short, Timeframe.M1))[-64] - T0_NS) // MINUTE_NS
    assert ("1m", kept_from) in {(timeframe.value, (opens - T0_NS) // MINUTE_NS) for timeframe, (opens, _) in found.waiting}
    assert all(closes > T0_NS + kept_from * MINUTE_NS for _, (_, closes) in found.waiting)


def test_bars_whose_ticks_are_no_longer_stored_are_left_alone(lines: Lines) -> None:
    asked = Asked(*SERIES, T0_NS, T0_NS + 60 * MINUTE_NS, NEVER_CLOSED)
    job = Rebuild(asked, calendar_of("crypto"), T0_NS, 7)
    job.compare(Timeframe.M1, {}, {row.ts_open_ns: row for row in lines.short.bars(SERIES, "1m")})
    assert job.found.changed == []
    assert len(job.found.cut) == 59


def test_indicators_are_computed_again_up_to_what_the_running_stage_takes_itself(lines: Lines) -> None:
    process = settings(64).process
    stored = list(stored_bars(lines.short, Timeframe.M1).values())
    changed = [bar for bar in rebuild(lines.short, 0, 60).found.changed if bar.timeframe == "1m"]
    bars = with_changes(stored, changed)
    rows = list(lines.short.indicators(SERIES, "1m"))
    until_ns = window_ns(stored, 64)
    assert is_from_beginning(stored, rows)
    found = list(records(process, bars, rows, changed[0].ts_open_ns, until_ns, 7))
    assert [found[0].ts_open_ns, found[-1].ts_open_ns] == [changed[0].ts_open_ns, until_ns - MINUTE_NS]
    right = {(row.ts_open_ns, row.indicator_name, row.output): row for row in lines.long.indicators(SERIES, "1m")}
    before = {row.ts_open_ns: row.revision for row in rows}
    for record in found:
        assert record.revision == max(before.get(record.ts_open_ns, -1) + 1, record.bar_revision)
        for key, one in record.indicators.items():
            for output, value in one.values.items():
                assert value == pytest.approx(right[record.ts_open_ns, key, output].value, rel=1e-12, abs=1e-9)
                assert (one.warm, record.seed_bars) == (
                    right[record.ts_open_ns, key, output].warm,
                    right[record.ts_open_ns, key, output].seed_bars,
                )


def test_a_series_whose_beginning_was_cut_is_known_by_its_count(lines: Lines) -> None:
    stored = list(stored_bars(lines.short, Timeframe.M1).values())
    rows = list(lines.short.indicators(SERIES, "1m"))
    assert not is_from_beginning(stored[50:], [row for row in rows if row.ts_open_ns >= stored[50].ts_open_ns])
    assert is_from_beginning(stored, [])
