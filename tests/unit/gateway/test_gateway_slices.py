"""Records on their way from the reader to the event loop."""

from gateway.series import Channel
from gateway.slices import SLICE_BYTES, slices
from runtime.stage import InputRecord
from schemas.topics import Topic
from tests.gateway_hub import World


def records(topic: Topic, count: int) -> list[InputRecord]:
    return [InputRecord(topic, 0, offset, None, bytes(SLICE_BYTES // 4)) for offset in range(count)]


def test_slices_are_small_where_somebody_wants_something() -> None:
    found = list(slices(records(Topic.TICKS, 10), lambda topic: topic is Topic.TICKS))
    assert [len(one) for one in found] == [4, 4, 2]
    assert [record.offset for one in found for record in one] == list(range(10))


def test_slices_are_larger_where_nobody_does() -> None:
    found = list(slices(records(Topic.BOOKS, 70), lambda topic: topic is Topic.TICKS))
    assert [len(one) for one in found] == [32, 32, 6]
    assert list(slices([], lambda _topic: True)) == []


def test_bars_are_wanted_for_the_summary_too() -> None:
    world = World()
    assert not any(map(world.hub.wants_records, (Topic.BARS, Topic.TICKS)))
    world.subscribe(Channel.MARKET_SUMMARY)
    assert world.hub.wants_records(Topic.BARS)
    assert not world.hub.wants_records(Topic.TICKS)
    world.subscribe(Channel.TICKS)
    assert world.hub.wants_records(Topic.TICKS)
