"""What a receiver asks for of a channel: sources, timeframes, indicators, kinds, sizes, quality, a pace; each keeps a chain of its own."""

from decimal import Decimal

from gateway.protocol import Filters
from gateway.series import Channel
from schemas.codec import encode
from schemas.topics import Topic
from tests.gateway_events import bar, indicators, quote, trade
from tests.gateway_hub import World


def test_source_filter_and_the_primary(world: World) -> None:
    primary, kraken, every = (world.subscribe(Channel.TICKS, source=source)[0] for source in (None, "kraken", "*"))
    world.feed.handle([world.ticks(trade(1)), world.ticks(trade(2, primary=False), source="kraken")])
    assert [m["source_seq"] for m in primary.messages] == [1]
    assert [m["source_seq"] for m in kraken.messages] == [2]
    assert [m["source_seq"] for m in every.messages] == [1, 2]


def test_timeframe_and_indicator_filters(world: World) -> None:
    five = world.subscribe(Channel.OHLCV, timeframe="5m")[0]
    rsi = world.subscribe(Channel.INDICATORS, indicator="rsi")[0]
    world.feed.handle([world.bar(bar(0)), world.bar(bar(0, timeframe="5m")), world.record(Topic.INDICATORS, encode(indicators(0)))])
    assert [message["timeframe"] for message in five.messages] == ["5m"]
    assert [list(message["indicators"]) for message in rsi.messages] == [["rsi_14"]]


def test_volume_kind_and_quality_filters_keep_a_chain_of_their_own(world: World) -> None:
    world.feed.handle([world.ticks(trade(1, size="5"))])
    large, [snapshot] = world.subscribe(Channel.TICKS, filters=Filters(min_volume=Decimal("2")))
    good = world.subscribe(Channel.TICKS, filters=Filters(quality_threshold=0.8))[0]
    quotes = world.subscribe(Channel.TICKS, filters=Filters(kind="quote"))[0]
    world.feed.handle(
        [world.ticks(trade(2, size="1"), trade(3, size="2"), quote(4, quality=0.5), trade(5, size="7", quality=0.9), quote(6))]
    )
    assert [m["source_seq"] for m in large.messages] == [3, 5]
    assert [m["prev"] for m in large.messages] == [snapshot["seq"], large.messages[0]["seq"]]
    assert [m["source_seq"] for m in good.messages] == [2, 3, 5, 6]
    assert [m["source_seq"] for m in quotes.messages] == [4, 6]
    late, [snapshot] = world.subscribe(Channel.TICKS, filters=Filters(min_volume=Decimal("2")))
    assert [item["source_seq"] for item in snapshot["items"]] == [5]
    world.feed.handle([world.ticks(trade(7, size="3"))])
    assert [m["prev"] for m in late.messages] == [snapshot["seq"]] == [large.messages[1]["seq"]]


def test_pace_thins_to_the_newest_of_each_kind(world: World) -> None:
    box, [snapshot] = world.subscribe(Channel.TICKS, max_per_s=10.0)
    for number in range(1, 9, 2):
        world.feed.handle([world.ticks(trade(number), quote(number + 1))])
    assert [m["source_seq"] for m in box.messages] == [1]
    world.clock.advance_s(0.11)
    world.feed.flush()
    assert [m["source_seq"] for m in box.messages] == [1, 7, 8]
    assert [m["prev"] for m in box.messages] == [snapshot["seq"], *[m["seq"] for m in box.messages]][:3]
    world.clock.advance_s(1)
    world.feed.flush()
    assert len(box.messages) == 3
    assert world.hub.pacer.next_s is None
