"""Records that cannot be read, or say something odd beside their event: counted, and the next one goes on."""

import pytest

from gateway.series import Channel
from schemas import headers
from schemas.codec import encode
from schemas.topics import Topic
from tests.gateway_events import bar, trade
from tests.gateway_hub import World, dropped


@pytest.mark.parametrize(("value", "reason"), [(b"{", "undecodable"), (b'{"symbol":1}', "invalid_schema"), (b"", "undecodable")])
def test_unusable_record_is_counted_and_the_next_one_goes_on(world: World, value: bytes, reason: str) -> None:
    box, _ = world.subscribe(Channel.OHLCV)
    before = dropped(reason)
    world.feed.handle([world.record(Topic.BARS, value), world.bar(bar(0))])
    assert dropped(reason) == before + 1
    assert len(box.messages) == 1


BROKEN = (b'{"symbol":"\xff"}', b'{"a":' + b"[" * 100_000)


@pytest.mark.parametrize("value", BROKEN, ids=["utf-8", "nesting"])
def test_broken_text_and_nesting_without_end_are_counted(world: World, value: bytes) -> None:
    box, _ = world.subscribe(Channel.OHLCV)
    before = dropped("undecodable")
    world.feed.handle([world.record(Topic.BARS, value), world.bar(bar(0))])
    assert dropped("undecodable") == before + 1
    assert len(box.messages) == 1


def test_broken_identity_is_counted_and_the_record_not_used(world: World) -> None:
    box, _ = world.subscribe(Channel.OHLCV)
    before = dropped("undecodable")
    world.feed.handle([world.bar(bar(0), id=b"garbage \xff"), world.bar(bar(1), id=b"a|b|c|d|e"), world.bar(bar(2))])
    assert dropped("undecodable") == before + 2
    assert [message["prev"] for message in box.messages] == [None]


@pytest.mark.parametrize("value", [b"", b"\xff", b"-" + b"9" * 400, b"9" * 5000], ids=["null", "text", "negative", "long"])
def test_other_headers_never_cost_a_record(world: World, value: bytes) -> None:
    ticks, _ = world.subscribe(Channel.TICKS)
    bars, _ = world.subscribe(Channel.OHLCV)
    odd = {headers.TRACE: value, headers.RECEIVED: value, headers.TYPE: value}
    envelope = world.ticks(trade(1)).value
    world.feed.handle([world.record(Topic.BARS, encode(bar(0)), **odd), world.record(Topic.TICKS, envelope, symbols=value, **odd)])
    assert len(bars.messages) == 1
    assert len(ticks.messages) == (1 if value == b"" else 0)  # `symbols` says that nobody here wants it


def test_unread_record_with_a_broken_trace_is_still_a_last_price(world: World) -> None:
    world.feed.handle([world.ticks(trade(1), **{headers.TRACE: b"\xff"})])
    _, [snapshot] = world.subscribe(Channel.TICKS)
    assert [item["source_seq"] for item in snapshot["items"]] == [1]
