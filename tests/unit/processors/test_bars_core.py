from decimal import Decimal

import pytest
from prometheus_client import REGISTRY

from processors.bars.core import BarsCore
from processors.validate.core import ValidateCore
from runtime.errors import InvalidRecord
from runtime.settings import ProcessSettings
from schemas.timeframes import SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.unit.processors.inputs import (
    T0_NS,
    as_inputs,
    events,
    final_bars,
    gaps_of,
    needs_recordings,
    quote,
    recorded_ticks,
    run,
    ticks_record,
    trade,
    watermark_record,
)

ALL = ProcessSettings()
MINUTES = ProcessSettings(timeframes=(Timeframe.M1,))


def test_outputs_are_ordered_by_series_timeframe_and_time() -> None:
    ticks = [trade(n, 60 * n + 1, symbol=symbol) for n in range(7) for symbol in ("ETH-USDT", "BTC-USDT")]
    records = [ticks_record(ticks, topic=Topic.TICKS), watermark_record(1000, 1)]
    (*_, last) = (list(BarsCore(ALL).apply(record)) for record in [ticks_record(ticks, topic=Topic.TICKS)])
    bars = events(last, Topic.BARS)
    order = [(bar.symbol, bar.timeframe, bar.ts_open_ns) for bar in bars]
    ranks = {"1m": 0, "5m": 1}
    assert order == sorted(order, key=lambda key: (key[0], ranks[key[1]], key[2]))
    assert {(output.topic, output.key) for output in last} == {(Topic.BARS, b"BTC-USDT"), (Topic.BARS, b"ETH-USDT")}
    assert all(output.headers == {"type": b"bar"} for output in last)
    assert len(bars) == 2 * (6 + 1)  # six whole minutes and one 5m bar each
    assert len(final_bars(run(BarsCore(ALL), records))) == 2 * (
        7 + 2 + 1
    )  # by the watermark also the last minute, the second 5m and the 15m bar


def test_watermarks_count_for_their_source_only_and_never_go_back() -> None:
    core = BarsCore(MINUTES)
    core.apply(ticks_record([trade(1, 10)], topic=Topic.TICKS))
    assert core.apply(watermark_record(500, source="coinbase")) == []
    assert len(list(core.apply(watermark_record(61)))) == 1
    core.apply(ticks_record([trade(2, 70)], 1, Topic.TICKS))
    assert core.apply(watermark_record(20)) == []
    assert core.apply(watermark_record(61)) == []
    assert len(list(core.apply(watermark_record(121)))) == 1


def test_quotes_build_no_bars_and_move_no_watermark() -> None:
    core = BarsCore(MINUTES)
    ticks = [trade(1, 10), quote(1, ts_event_ns=trade(1, 500).ts_event_ns)]
    assert core.apply(ticks_record(ticks, topic=Topic.TICKS)) == []


def test_sources_do_not_mix() -> None:
    core = BarsCore(MINUTES)
    outputs = run(
        core, [ticks_record([trade(1, 10, "1")], 0, Topic.TICKS), ticks_record([trade(1, 20, "2")], 1, Topic.TICKS, source="coinbase")]
    )
    outputs += run(core, [watermark_record(61), watermark_record(61, source="coinbase")])
    assert {(bar.source, bar.open, bar.trade_count) for bar in events(outputs, Topic.BARS)} == {("binance", "1", 1), ("coinbase", "2", 1)}


def test_a_trade_that_is_no_number_leaves_the_state_as_it_was() -> None:
    core = BarsCore(MINUTES)
    core.apply(ticks_record([trade(1, 10)], topic=Topic.TICKS))
    state = core.snapshot()
    with pytest.raises(InvalidRecord, match="not_a_number"):
        core.apply(ticks_record([trade(2, 20), trade(3, 30, "abc")], 1, Topic.TICKS))
    assert core.snapshot() == state


def test_what_is_behind_the_history_is_counted() -> None:
    before = _behind()
    ticks = [trade(n, 60 * n) for n in range(70)] + [trade(100, 5), trade(101, 6)]
    outputs = list(BarsCore(MINUTES).apply(ticks_record(ticks, topic=Topic.TICKS)))
    assert _behind() - before == 2
    (gap,) = gaps_of(outputs)
    assert gap.gap_id == f"binance:BTC-USDT:trade:dropped:{T0_NS + 5 * SECOND_NS}:100"
    assert (gap.cause, gap.state, gap.size, gap.to_ns) == ("dropped", "open", 2, T0_NS + 6 * SECOND_NS)
    assert outputs[-1].topic is Topic.GAPS


def _behind() -> float:
    return REGISTRY.get_sample_value("tickerplant_dropped_total", {"stage": "bars", "reason": "behind_history"}) or 0.0


# 2024-08-08 23:58Z, 2024-08-09 00:00Z and 00:01Z: open high low close volume trades
ISSUE_BARS = {
    1_723_161_480: ("61652.00", "61745.27", "61583.22", "61717.63", "77.14202", 3216),
    1_723_161_600: ("61686.00", "61744.37", "61630.88", "61631.79", "34.0818", 1824),
    1_723_161_660: ("61631.79", "61631.79", "61556.04", "61589.99", "79.69369", 2931),
}


@needs_recordings
@pytest.mark.parametrize("ticks_an_envelope", [7, 333])
def test_the_recorded_capture_gives_the_bars_of_the_issue(ticks_an_envelope: int) -> None:
    ticks = recorded_ticks("binance_spot_btcusdt_20240808.gz", "binance_spot_btcusdt_20240809.gz")
    raw = [ticks_record(ticks[start : start + ticks_an_envelope], start) for start in range(0, len(ticks), ticks_an_envelope)]
    outputs = run(BarsCore(ALL), as_inputs(run(ValidateCore(), raw), Topic.TICKS))
    minutes = {bar.ts_open_ns // 10**9: bar for (_, _, timeframe, _), bar in final_bars(outputs).items() if timeframe == "1m"}
    for ts_open_s, (*prices, volume, trades) in ISSUE_BARS.items():
        bar = minutes[ts_open_s]
        assert [Decimal(text) for text in (bar.open, bar.high, bar.low, bar.close)] == [Decimal(text) for text in prices]
        assert (bar.volume, bar.trade_count, bar.kind, bar.quality) == (volume, trades, "final", 1.0)
    assert next(iter(minutes.values())).kind == "incomplete"
