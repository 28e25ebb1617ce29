from typing import Any

import msgspec
import pytest

from processors.signals import agent
from processors.signals.core import SignalsCore
from runtime.errors import UserError
from runtime.settings import ProcessSettings, Settings, SignalWeights
from schemas.codec import decode_signal
from schemas.indicators import IndicatorRecord, IndicatorValue
from schemas.signals import Signal
from schemas.timeframes import MINUTE_NS, SECOND_NS
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, record


def indicators(**more: Any) -> IndicatorRecord:
    """MACD crosses up, RSI is overbought, momentum is flat."""
    values = {
        "rsi_14": IndicatorValue("rsi", {"period": 14.0}, {"value": 75.0}, True, 28),
        "macd_12_26_9": IndicatorValue("macd", {}, {"macd": 2.0, "signal": 1.0, "histogram": 1.0, "previous_histogram": -1.0}, True, 45),
        "momentum_10": IndicatorValue("momentum", {"period": 10.0}, {"value": 0.0}, True, 15),
    }
    fields: dict[str, Any] = {
        "symbol": "BTC-USDT", "source": "binance", "timeframe": "1m", "ts_open_ns": T0_NS, "ts_close_ns": T0_NS + MINUTE_NS, "close": "61652",
        "seed_bars": 60, "indicators": values, "revision": 2, "bar_revision": 1, "bar_kind": "corrected", "bar_quality": 0.9, "known_at_ns": 42,
    }  # fmt: skip
    return IndicatorRecord(**(fields | more))


def signal_of(event: IndicatorRecord, settings: ProcessSettings | None = None) -> Signal:
    (output,) = SignalsCore(settings or ProcessSettings()).apply(record(event, topic=Topic.INDICATORS))
    assert (output.topic, output.key, output.headers) == (Topic.SIGNALS, event.symbol.encode(), {"type": b"signal"})
    return decode_signal(output.value)


def test_a_signal_says_everything_it_was_made_from() -> None:
    signal = signal_of(indicators())
    assert (signal.signal, signal.action, signal.decided_by, signal.resolution, signal.status) == (1, "buy", "macd", "hierarchy", "ok")
    assert {name: (one.signal, one.warm) for name, one in signal.components.items()} == {
        "macd": (1, True),
        "rsi": (-1, True),
        "momentum": (0, True),
    }
    assert sum(one.weight for one in signal.components.values()) == pytest.approx(1.0)
    assert (signal.score, signal.confidence) == (pytest.approx(0.0), 0.3)
    assert (signal.close, signal.revision, signal.bar_revision, signal.bar_kind, signal.bar_quality, signal.known_at_ns) == (
        "61652",
        2,
        1,
        "corrected",
        0.9,
        42,
    )
    assert signal.valid_until_ns == T0_NS + 2 * MINUTE_NS + SECOND_NS


def test_of_two_rsis_the_configured_one_votes_which_stands_first() -> None:
    event = indicators()
    event.indicators["rsi_2"] = IndicatorValue("rsi", {"period": 2.0}, {"value": 5.0}, False, 4)
    assert signal_of(event) == signal_of(indicators())


def test_settings_choose_weights_resolution_and_minimum_quality() -> None:
    weighted = ProcessSettings(signal_resolution="weighted", signal_weights=SignalWeights(macd=1, rsi=3, momentum=0))
    signal = signal_of(indicators(), weighted)
    assert (signal.signal, signal.action, signal.score, signal.decided_by, signal.confidence) == (-1, "sell", -0.5, "score", 0.675)
    assert signal_of(indicators(), ProcessSettings(minimum_quality=0.95)).status == "low_quality"


def test_a_missing_or_unwarm_indicator_holds_and_says_so() -> None:
    values = indicators().indicators
    for rest in ({"rsi_14": values["rsi_14"]}, values | {"rsi_14": IndicatorValue("rsi", {}, {"value": 75.0}, False, 28)}):
        signal = signal_of(indicators(indicators=rest))
        assert (signal.signal, signal.action, signal.confidence, signal.status, signal.decided_by) == (0, "hold", 0.0, "unwarm", "status")


def test_the_snapshot_is_not_empty_bytes() -> None:
    """A compacted topic takes an empty value for a deletion in some clients."""
    assert msgspec.msgpack.decode(SignalsCore(ProcessSettings()).snapshot()) == {}


def test_weights_that_are_all_zero_end_the_start() -> None:
    process = ProcessSettings(signal_weights=SignalWeights(macd=0, rsi=0, momentum=0))
    with pytest.raises(UserError, match="weights are zero"):
        agent.spec(Settings(process=process))
