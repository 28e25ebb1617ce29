"""Open bars, as they stand: asked for at any moment, without a trace in what is kept."""

from hypothesis import given
from hypothesis import strategies as st

from processors.bars.core import BarsCore
from runtime.settings import ProcessSettings
from runtime.stage import Ephemeral
from schemas.bars import Bar
from schemas.codec import decode_bar
from schemas.timeframes import SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, quote, run, ticks_record, trade, watermark_record

SETTINGS = ProcessSettings(forming_timeframes=(Timeframe.M1, Timeframe.M5, Timeframe.D1))


def shown(core: BarsCore) -> list[Bar]:
    outputs = list(core.ephemeral())
    assert {output.topic for output in outputs} <= {Topic.BARS_FORMING}
    return [decode_bar(output.value) for output in outputs]


def test_an_open_bar_is_shown_once_until_it_changes() -> None:
    core = BarsCore(ProcessSettings())
    assert isinstance(core, Ephemeral)
    assert shown(core) == []
    core.apply(ticks_record([trade(1, 10, "100"), trade(2, 20, "103"), trade(3, 15, "99")], topic=Topic.TICKS))
    (bar,) = shown(core)
    assert (bar.timeframe, bar.kind, bar.revision, bar.ts_open_ns) == ("1m", "forming", 0, T0_NS)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == ("100", "103", "99", "103", "3")
    assert bar.known_at_ns == T0_NS + 20 * SECOND_NS
    assert shown(core) == []
    core.apply(watermark_record(30, 1))
    assert shown(core) == []
    core.apply(ticks_record([trade(4, 40, "90")], 2, Topic.TICKS))
    assert [bar.close for bar in shown(core)] == ["90"]


def test_longer_bars_hold_closed_and_open_minutes() -> None:
    core = BarsCore(SETTINGS)
    run(core, [ticks_record([trade(1, 10, "100"), trade(2, 70, "110"), trade(3, 130, "90")], topic=Topic.TICKS)])
    assert [(bar.timeframe, bar.open, bar.high, bar.close, bar.trade_count) for bar in shown(core)] == [
        ("1m", "90", "90", "90", 1),
        ("5m", "100", "110", "90", 3),
        ("1d", "100", "110", "90", 3),
    ]


def test_a_minute_that_closed_meanwhile_is_not_shown() -> None:
    core = BarsCore(SETTINGS)
    run(core, [ticks_record([trade(1, 10)], topic=Topic.TICKS), watermark_record(100, 1)])
    assert shown(core) == []


def test_quotes_and_many_series() -> None:
    core = BarsCore(ProcessSettings())
    core.apply(ticks_record([quote(1, "1.08", "1.09", "EUR-USD"), trade(1, 5), trade(1, 6, symbol="ETH-USDT")], topic=Topic.TICKS))
    assert {(bar.symbol, bar.close, bar.price_basis) for bar in shown(core)} == {
        ("EUR-USD", "1.085", "mid"),
        ("BTC-USDT", "100", "trade"),
        ("ETH-USDT", "100", "trade"),
    }


@given(st.lists(st.tuples(st.integers(0, 900), st.booleans()), max_size=40))
def test_looking_changes_nothing(steps: list[tuple[int, bool]]) -> None:
    seen, unseen = BarsCore(SETTINGS), BarsCore(SETTINGS)
    for number, (at_s, look) in enumerate(steps):
        record = ticks_record([trade(number, at_s, str(100 + number))], number, Topic.TICKS)
        assert list(seen.apply(record)) == list(unseen.apply(record))
        if look:
            for bar in shown(seen):
                assert float(bar.low) <= float(bar.open) <= float(bar.high)
        assert seen.snapshot() == unseen.snapshot()
