"""A record with the whole catalogue passes unchanged through all that reads market.indicators: table, cache, gateway, signals."""

import json

import msgspec
import pytest

from cache.kinds import KINDS
from gateway.protocol import Subscribe, parse
from gateway.series import Channel, Placed
from gateway.shapes import encode as to_message
from gateway.variant import Variant
from processors.indicators.catalogue import CATALOGUE
from processors.indicators.catalogue import parse as parse_indicator
from processors.indicators.core import IndicatorsCore
from processors.signals.core import SignalsCore
from runtime.settings import IndicatorSettings, ProcessSettings
from schemas.codec import decode_indicators, decode_signal, encode
from schemas.indicators import IndicatorRecord
from schemas.topics import Topic
from sinks.redis.values import series_write
from sinks.timescale.indicators import IndicatorWriter
from tests.unit.processors.inputs import record
from tests.unit.processors.test_indicator_formulas import walk
from tests.unit.processors.test_indicators_core import feed, traded

EVERYTHING = ProcessSettings(indicators=IndicatorSettings(also=("all", "bbands_20_2.5", "rsi_3")))


@pytest.fixture(scope="module")
def event() -> IndicatorRecord:
    return feed(IndicatorsCore(EVERYTHING), *(traded(*item) for item in enumerate(walk(100, 1))))[-1]


def test_the_record_has_all_and_reads_as_it_was_written(event: IndicatorRecord) -> None:
    assert len(event.indicators) == len(CATALOGUE) + 2
    assert all(value.warm and value.values for value in event.indicators.values())
    assert decode_indicators(encode(event)) == event
    assert len(encode(event)) < 20_000


def test_the_table_gets_a_row_for_each_output(event: IndicatorRecord) -> None:
    block = IndicatorWriter().block(record(event, topic=Topic.INDICATORS))
    assert block.rows == sum(len(value.values) for value in event.indicators.values()) == block.text.count(b"\n")
    assert block.text.count(b"\tbbands_20_2.5\t") == 3


def test_the_cache_gets_all_of_it(event: IndicatorRecord) -> None:
    write = series_write(KINDS["indicators"], event)
    assert json.loads(b"{" + write.body + b"}")["indicators"] == msgspec.to_builtins(event.indicators)


@pytest.mark.parametrize(("wanted", "keys"), [("bbands_20_2.5", ["bbands_20_2.5"]), ("bbands", ["bbands_20_2", "bbands_20_2.5"])])
def test_a_client_can_ask_for_any_of_them(event: IndicatorRecord, wanted: str, keys: list[str]) -> None:
    asked = parse(json.dumps({"action": "subscribe", "channel": "indicators", "symbol": "BTC-USDT", "indicator": wanted}))
    assert isinstance(asked, Subscribe)
    placed = Placed(Channel.INDICATORS, event.symbol, "binance", event.timeframe, True, 0, 1, 0, "trace")
    message = json.loads(to_message(placed, event, None, "epoch", Variant(indicators=(str(asked.indicator),))))
    assert list(message["indicators"]) == keys
    assert message["indicators"][keys[-1]]["parameters"] == parse_indicator(keys[-1]).value({}, 0).parameters


def test_the_signal_is_that_of_the_three(event: IndicatorRecord) -> None:
    three = msgspec.structs.replace(event, indicators=dict(list(event.indicators.items())[:3]))
    signals = [
        decode_signal(output.value)
        for one in (event, three)
        for output in SignalsCore(EVERYTHING).apply(record(one, topic=Topic.INDICATORS))
    ]
    assert signals[0] == signals[1]
