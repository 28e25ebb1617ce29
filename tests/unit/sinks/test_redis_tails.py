"""What a batch adds to the streams."""

import json
from typing import Any

import pytest

from schemas.codec import encode
from schemas.topics import Topic
from sinks.redis.latest import Latest
from sinks.redis.tails import Tails
from tests.sink_events import bar, envelope, indicators, quote, record, signal, ticks, trade, watermark
from tests.sinks_world import EPOCHS


def tails_of(names: tuple[str, ...], length: int, *events: tuple[Topic, Any]) -> Tails:
    tails = Tails(names, length)
    for offset, (topic, event) in enumerate(events):
        given = record(topic, offset, event)
        tails.take(given, Latest(60).take(topic, given.value))
    return tails


def test_events_stand_in_the_order_of_the_log() -> None:
    bars = [(Topic.BARS, bar(2)), (Topic.BARS, bar(1, revision=1)), (Topic.BARS, bar(3, timeframe="5m"))]
    [append] = tails_of(("bars",), 10, *bars, (Topic.BARS, bar(4, primary=False)), (Topic.BARS_FORMING, bar(5))).appends(EPOCHS)
    assert (append.key, append.epoch, append.length) == ("stream:bars:BTC-USDT", "id-market.bars", 10)
    assert [event.event for event in append.events] == [encode(event) for _, event in bars]
    assert [event.position for event in append.events] == sorted(event.position for event in append.events)


def test_ticks_are_kept_apart_by_symbol_and_kind() -> None:
    mixed = envelope([*ticks(1, 10), trade(11, symbol="ETH-USDT"), quote(12, primary=False)])
    appends = {one.key: one for one in tails_of(("trades", "quotes"), 10, (Topic.TICKS, mixed), (Topic.TICKS, watermark())).appends(EPOCHS)}
    assert sorted(appends) == ["stream:quotes:BTC-USDT", "stream:trades:BTC-USDT", "stream:trades:ETH-USDT"]
    assert [json.loads(one.event)["seq"] for one in appends["stream:trades:BTC-USDT"].events] == [5, 10]
    assert {one.source for one in appends["stream:quotes:BTC-USDT"].events} == {"binance-simulated"}
    assert appends["stream:trades:BTC-USDT"].events[0].position < appends["stream:trades:BTC-USDT"].events[1].position


def test_what_the_stream_could_not_hold_is_not_written_but_counted() -> None:
    tails = tails_of(("trades",), 3, (Topic.TICKS, envelope(ticks(1, 100))))
    [append] = tails.appends(EPOCHS)
    assert [json.loads(one.event)["seq"] for one in append.events] == [90, 95, 100]
    assert tails.overtaken == {"trades": 17}


@pytest.mark.parametrize(("name", "topic", "event"), [("indicators", Topic.INDICATORS, indicators()), ("signals", Topic.SIGNALS, signal())])
def test_only_what_was_asked_for_is_kept(name: str, topic: Topic, event: Any) -> None:
    assert len(tails_of((name,), 10, (topic, event)).appends(EPOCHS)) == 1
    assert tails_of((), 10, (topic, event), (Topic.TICKS, envelope(ticks(1, 10)))).appends(EPOCHS) == []
