"""Gaps in time, found by watermarks and ended by the next tick; and holes whose trades came but were refused."""

from datetime import UTC, datetime

import pytest

from processors.validate.core import ValidateCore
from processors.validate.limits import Limits
from runtime.settings import QualitySettings
from runtime.stage import InputRecord
from schemas.gaps import Gap
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.topics import Topic
from tests.unit.processors.inputs import events, gaps_of, record, run, ticks_record, trade

NS = 1_000_000_000
MINUTE_NS = 60 * NS
LIMITS = Limits.of(QualitySettings(anomaly_window=16))


def at(moment: str) -> int:
    return int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp()) * NS


def regular(start_ns: int, symbol: str = "BTC-USDT", spacing_ns: int = NS, contiguous: bool = True) -> InputRecord:
    """Forty trades at equal distances."""
    times = [start_ns + number * spacing_ns for number in range(40)]
    ticks: list[Trade | Quote] = [Trade(symbol, "100", "1", time_ns, time_ns, number) for number, time_ns in enumerate(times, 1)]
    return record(TickEnvelope("binance", 0, ticks, contiguous), topic=Topic.TICKS_RAW)


def mark(ts_ns: int, source: str = "binance") -> InputRecord:
    return record(Watermark(source, 0, ts_ns, ts_ns, 0), topic=Topic.TICKS_RAW)


def told(core: ValidateCore, *records: InputRecord) -> list[Gap]:
    return gaps_of(run(core, records))


def test_silence_of_a_regular_symbol_is_a_gap_until_its_next_tick() -> None:
    core, start_ns = ValidateCore(LIMITS), at("2024-07-05T12:00:00")
    last_ns = start_ns + 39 * NS
    assert told(core, mark(start_ns), regular(start_ns), mark(last_ns + 299 * NS)) == []
    (opened,) = told(core, mark(last_ns + 305 * NS))
    assert (opened.gap_id, opened.cause, opened.state) == (f"binance:BTC-USDT:trade:silence:{last_ns}", "silence", "open")
    assert (opened.from_ns, opened.to_ns, opened.known_at_ns, opened.size) == (last_ns, last_ns + 305 * NS, last_ns + 305 * NS, 0)
    assert told(core, mark(last_ns + 900 * NS)) == []  # told once
    restored = ValidateCore(LIMITS)
    restored.restore(core.snapshot())
    back_ns = last_ns + 1000 * NS
    (ended,) = told(
        restored, record(TickEnvelope("binance", 0, [Trade("BTC-USDT", "100", "1", back_ns, back_ns, 41)], True), topic=Topic.TICKS_RAW)
    )
    assert (ended.gap_id, ended.state, ended.from_ns, ended.to_ns, ended.filled) == (opened.gap_id, "filled", last_ns, back_ns, 0)
    assert told(restored, mark(back_ns + NS), mark(back_ns + 200 * NS)) == []


def test_a_quote_ends_it_too_and_without_numbers_nothing_says_what_is_missing() -> None:
    core, start_ns = ValidateCore(LIMITS), at("2024-07-05T12:00:00")
    assert len(told(core, mark(start_ns), regular(start_ns, contiguous=False), mark(start_ns + 400 * NS))) == 1
    back_ns = start_ns + 500 * NS
    quote = Quote("BTC-USDT", "1", "1", "2", "1", back_ns, back_ns, 1)
    (ended,) = told(core, record(TickEnvelope("binance", 0, [quote], False), topic=Topic.TICKS_RAW))
    assert (ended.state, ended.to_ns) == ("unfillable", back_ns)
    assert told(core, mark(back_ns + 290 * NS)) == []


def test_a_silence_counts_in_the_window_that_found_it() -> None:
    core, start_ns = ValidateCore(LIMITS), at("2024-07-05T12:00:00")
    run(core, [mark(start_ns), regular(start_ns), mark(start_ns + 60 * NS)])
    (found,) = events(run(core, [mark(start_ns + 400 * NS)]), Topic.QUALITY)
    assert (found.total, found.gaps, found.score) == (0, 1, 1.0)


def test_a_slow_symbol_may_be_silent_for_longer_and_a_rare_one_for_ever() -> None:
    core, start_ns = ValidateCore(LIMITS), at("2024-07-05T00:00:00")
    last_ns = start_ns + 39 * MINUTE_NS
    assert told(core, mark(start_ns), regular(start_ns, spacing_ns=MINUTE_NS), mark(last_ns + 19 * MINUTE_NS)) == []
    assert len(told(core, mark(last_ns + 21 * MINUTE_NS))) == 1
    rare = ValidateCore()
    assert told(rare, mark(start_ns), regular(start_ns), mark(start_ns + 10_000 * MINUTE_NS)) == []  # fewer trades than two blocks


def test_another_source_finds_nothing() -> None:
    core, start_ns = ValidateCore(LIMITS), at("2024-07-05T12:00:00")
    assert told(core, mark(start_ns, "kraken"), regular(start_ns), mark(start_ns + 9999 * NS, "kraken")) == []


@pytest.mark.parametrize(
    ("symbol", "last", "now", "silent"),
    [
        ("AAPL", "2024-07-02T19:59:00", "2024-07-03T13:33:00", False),  # the night
        ("AAPL", "2024-07-02T19:59:00", "2024-07-03T13:35:00", True),
        ("AAPL", "2024-07-03T16:58:00", "2024-07-03T19:00:00", False),  # the early close before the holiday, at 17:00 UTC
        ("AAPL", "2024-07-03T16:58:00", "2024-07-05T13:32:00", False),
        ("AAPL", "2024-07-02T16:58:00", "2024-07-02T17:04:00", True),
        ("EUR-USD", "2024-07-05T20:58:00", "2024-07-07T21:02:00", False),  # the weekend
        ("EUR-USD", "2024-07-05T12:58:00", "2024-07-05T13:04:00", True),
        ("BTC-USDT", "2024-07-06T20:58:00", "2024-07-06T21:04:00", True),
    ],
)
def test_only_open_market_time_is_silence(symbol: str, last: str, now: str, silent: bool) -> None:
    core, last_ns = ValidateCore(LIMITS), at(last)
    start_ns = last_ns - 39 * NS
    assert bool(told(core, mark(start_ns), regular(start_ns, symbol), mark(at(now)))) is silent


def test_a_symbol_s_asset_class_can_be_said() -> None:
    """Of a symbol that looks like a share, and whose market never closes."""
    limits = Limits.of(QualitySettings(anomaly_window=16), {"AAPL": "crypto"})
    last_ns = at("2024-07-02T23:00:00")
    core = ValidateCore(limits)
    assert told(core, mark(last_ns - 39 * NS), regular(last_ns - 39 * NS, "AAPL"), mark(last_ns + 400 * NS)) != []


def refused(number: int) -> Trade:
    return trade(number, number, price="0")


def test_a_hole_of_refused_trades_has_that_cause_and_is_filled_when_they_come_in_good_form() -> None:
    core = ValidateCore()
    ticks = [trade(1, 1), refused(2), refused(3), refused(3), trade(4, 4), trade(6, 6), refused(7), trade(9, 9)]
    causes = [(gap.from_id, gap.to_id, gap.cause) for gap in told(core, ticks_record(ticks))]
    assert causes == [(1, 4, "dead_letter"), (4, 6, "sequence"), (6, 9, "sequence")]
    restored = ValidateCore()
    restored.restore(core.snapshot())
    (filled,) = told(restored, ticks_record([trade(2, 2, filled=True), trade(3, 3, filled=True)], 1))
    assert (filled.gap_id, filled.cause, filled.state, filled.filled) == ("binance:BTC-USDT:trade:1:4", "dead_letter", "filled", 2)


def test_refused_trades_are_remembered_over_a_restart_and_within_bounds() -> None:
    core, restored = ValidateCore(), ValidateCore()
    run(core, [ticks_record([trade(1), *(refused(number) for number in range(2, 1000))])])
    assert len(core.snapshot()) < 2500
    restored.restore(core.snapshot())
    (gap,) = told(restored, ticks_record([trade(1000, 1)], 1))
    assert gap.cause == "sequence"  # of the hole only the newest 256 are known to have been refused


def test_where_ids_do_not_count_a_refused_trade_is_no_hole() -> None:
    assert told(ValidateCore(), ticks_record([trade(1), refused(2), trade(3)], contiguous=False)) == []
