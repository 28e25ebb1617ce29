"""Watermarks of an import close what a live feed's would have closed, at the same moments."""

from hypothesis import example, given
from hypothesis import strategies as st

from processors.bars.core import BarsCore
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord
from schemas.ticks import Watermark
from schemas.timeframes import FIXED_NS, MINUTE_NS, Timeframe
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, events, record, ticks_record, trade
from tickerplant.importing.boundaries import Boundaries

GRACE_NS = 10**9


def watermark(ts_ns: int) -> InputRecord:
    return record(Watermark("binance", 0, ts_ns, ts_ns, ts_ns))


def test_an_interval_ends_before_the_first_event_after_it() -> None:
    boundaries = Boundaries(GRACE_NS)
    assert boundaries.before(T0_NS + MINUTE_NS // 2) == []
    assert boundaries.before(T0_NS + MINUTE_NS + GRACE_NS - 1) == []  # within the grace
    assert boundaries.before(T0_NS + MINUTE_NS + GRACE_NS) == [T0_NS + MINUTE_NS + GRACE_NS]
    assert boundaries.before(T0_NS + 7 * MINUTE_NS)[:2] == [T0_NS + 2 * MINUTE_NS + GRACE_NS, T0_NS + 5 * MINUTE_NS + GRACE_NS]
    assert boundaries.last(0)[-1] == T0_NS + 8 * MINUTE_NS + GRACE_NS
    assert boundaries.last(T0_NS + 60 * MINUTE_NS)[-1] == T0_NS + 60 * MINUTE_NS + GRACE_NS


@example([(32_400, "BTC-USDT"), (34_200, "BTC-USDT")])  # the last trade comes within the grace after an end
@given(st.lists(st.tuples(st.integers(0, 40_000), st.sampled_from(["BTC-USDT", "ETH-USDT", "SOL-USDT"])), min_size=1, max_size=60))
def test_every_bar_is_known_right_after_its_end(ticks: list[tuple[int, str]]) -> None:
    """Of all symbols, also of one that trades no more; and nothing is late or revised."""
    core, boundaries, bars = BarsCore(ProcessSettings()), Boundaries(GRACE_NS), []
    for number, (at_s, symbol) in enumerate(sorted(ticks)):
        at_ns = T0_NS + at_s * 10**9
        for passed_ns in boundaries.before(at_ns):
            assert passed_ns <= at_ns
            bars += events(core.apply(watermark(passed_ns)), Topic.BARS)
        tick = trade(number, symbol=symbol, ts_event_ns=at_ns, ts_ingest_ns=at_ns)
        bars += events(core.apply(ticks_record([tick], topic=Topic.TICKS)), Topic.BARS)
    for last_ns in boundaries.last(0):
        bars += events(core.apply(watermark(last_ns)), Topic.BARS)
    below_a_week = [timeframe for timeframe in FIXED_NS if FIXED_NS[timeframe] <= FIXED_NS[Timeframe.D1]]
    assert [bar for bar in bars if bar.revision or (bar.timeframe in below_a_week and bar.known_at_ns != bar.ts_close_ns + GRACE_NS)] == []
    assert sum(bar.trade_count for bar in bars if bar.timeframe == "1m") == len(ticks)
