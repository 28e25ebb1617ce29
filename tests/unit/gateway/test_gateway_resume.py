"""Clients that come back: whatever memory still holds, wherever they stopped, each message once and in order, or the word that it is lost."""

import asyncio
import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway import resume as resume_module
from gateway.backfill import KafkaBackfill
from gateway.catchup import CatchUp
from gateway.protocol import Filters, Resume, SeriesPosition, Subscribe
from gateway.recent import Recent, Ring
from gateway.resume import Position, can_resume, positions_of
from gateway.selector import Selector
from gateway.series import PRIMARY, Channel, SeriesKey
from gateway.views import Subscription
from runtime.clock import SystemClock
from runtime.settings import Settings
from runtime.stage import InputRecord
from schemas.identity import Identity
from schemas.topics import Topic
from tests.gateway_events import bar, quote, trade
from tests.gateway_hub import Box, Log, World, payloads


def come_back(world: World, log: Log, after: str, **more: Any) -> tuple[Box, bool]:
    """A subscription to ticks that goes on behind `after`."""
    selector = Selector.of(Subscribe(channel=Channel.TICKS, symbol="A", **more))
    box = Box()
    subscription = Subscription(box, selector)
    world.feed.catch_up(selector)
    [view] = world.hub.add(subscription)
    catch_up = CatchUp(world.hub, world.recent, log, 1)
    return box, asyncio.run(catch_up.follow(box, subscription, view, Position.parse(after)))


@given(st.lists(st.sampled_from(["A", "B", "AB", "AA"]), min_size=1, max_size=40), st.data())
def test_what_was_missed_comes_once_from_memory_or_the_log(symbols: list[str], data: st.DataObject) -> None:
    world, numbers = World(), {"A": 0, "B": 0}
    is_kept = data.draw(st.booleans())
    if not is_kept:
        world.recent = world.feed._recent = Recent(1, 2)  # holds the newest record only
    records: list[InputRecord] = []
    for names in symbols:
        ticks = []
        for symbol in names:
            numbers[symbol] += 1
            ticks.append((quote if numbers[symbol] % 3 == 0 else trade)(numbers[symbol], symbol))
        records.append(world.ticks(*ticks))
    before, _ = world.subscribe(Channel.TICKS, "A")
    cut = data.draw(st.integers(0, len(records)))
    world.feed.handle(records[:cut])
    world.hub.remove(world.last)
    world.feed.handle(records[cut:])
    seen = [message["source_seq"] for message in before.messages]
    if not seen:
        return
    stop = data.draw(st.integers(1, len(seen)))
    log = Log(world.recent, records)
    box, is_recovered = come_back(world, log, before.messages[stop - 1]["seq"])
    assert is_recovered
    *missed, resumed = box.messages
    assert [message["source_seq"] for message in missed] == list(range(stop + 1, numbers["A"] + 1))
    world.feed.handle([world.ticks(trade(numbers["A"] + 1, "A"))])
    chain = [before.messages[stop - 1]["seq"], *[message["seq"] for message in missed]]
    assert [message["prev"] for message in missed] == chain[:-1]
    assert (resumed["type"], resumed["recovered"], resumed["missed"]) == ("resumed", True, len(missed))
    assert box.messages[-1]["prev"] == resumed["seq"]


def test_filters_hold_for_what_was_missed() -> None:
    world = World()
    records = [world.ticks(trade(number, "A", size=str(number))) for number in range(1, 7)]
    world.feed.handle(records)
    box, _ = come_back(world, Log(world.recent, records), "0.0", filters=Filters(min_volume=Decimal(4)))
    assert [message.get("source_seq") for message in box.messages] == [4, 5, 6, None]


def test_log_that_does_not_reach_back_is_said_to_be_lost() -> None:
    world = World()
    world.recent = world.feed._recent = Recent(1, 2)
    records = [world.ticks(trade(number, "A")) for number in range(1, 9)]
    world.feed.handle(records)
    box, is_recovered = come_back(world, Log(world.recent, records, low=5), "2.0")
    assert not is_recovered
    assert box.messages == []


def test_more_than_fits_at_once_comes_in_parts(monkeypatch: Any) -> None:
    monkeypatch.setattr(resume_module, "MOST_AT_ONCE", 3)
    monkeypatch.setattr("gateway.catchup.MOST_AT_ONCE", 3)
    world = World()
    records = [world.ticks(trade(2 * number - 1, "A"), trade(2 * number, "A")) for number in range(1, 9)]
    world.feed.handle(records)
    box, _ = come_back(world, Log(world.recent, records), "0.0")
    assert [message["source_seq"] for message in box.messages[:-1]] == list(range(2, 17))


def test_repeats_of_a_stage_are_left_out_of_what_is_put_before() -> None:
    def identified(offset: int, number: int) -> InputRecord:
        identity = Identity("bars", "market.ticks", 0, number, 0).encode()
        return InputRecord(Topic.BARS, 0, offset, None, b"x", {"id": identity})

    ring = Ring(10_000)
    for offset, number in ((10, 3), (11, 4), (12, 5)):
        ring.reach(offset)
        ring.add(identified(offset, number))
    ring.put_before([identified(offset, number) for offset, number in ((6, 1), (7, 2), (8, 3), (9, 4))], 6)
    assert [record.offset for record in ring.since(0)] == [6, 7, 8, 9, 12]
    assert (ring.first, ring.end) == (6, 13)


def test_held_ring_keeps_what_others_are_about_to_take() -> None:
    ring = Ring(3 * 601)
    for offset in range(3):
        ring.reach(offset)
        ring.add(InputRecord(Topic.BARS, 0, offset, None, b"x"))
    ring.hold()
    ring.add(InputRecord(Topic.BARS, 0, 3, None, b"x"))
    assert ring.first == 0
    ring.put_before([InputRecord(Topic.BARS, 0, -1, None, b"x")], -1)
    ring.release()  # on a quiet partition no record comes to make room
    assert [record.offset for record in ring.since(-1)] == [1, 2, 3]
    assert ring.first == 1


def test_read_ends_where_its_records_fill_their_memory(monkeypatch: Any) -> None:
    monkeypatch.setattr("gateway.backfill.LARGEST_READ_BYTES", 1500)
    client: Any = Empty()
    clock: Any = SystemClock()
    backfill = KafkaBackfill(Settings(), "", Recent(1, 2), clock)
    assert backfill._read_to(client, Topic.ALERTS, 100) is None
    assert client.position == 3  # 600 bytes each, though they hold nothing


class Empty:
    """A consumer of records without a value."""

    position = 0

    def consume(self, _most: int, _wait_s: float) -> list["Empty"]:
        return []

    def poll(self, _wait_s: float) -> Any:
        self.position += 1
        offset = self.position - 1
        return SimpleNamespace(
            error=lambda: None, offset=lambda: offset, value=lambda: b"", partition=lambda: 0, key=lambda: None, headers=lambda: None
        )


def test_positions_by_series() -> None:
    one = Selector.of(Subscribe(channel=Channel.OHLCV, symbol="A"))
    many = Selector.of(Subscribe(channel=Channel.OHLCV, symbol=["A", "B"]))
    key = SeriesKey(Channel.OHLCV, "A", PRIMARY, "1m")
    assert positions_of(Resume(epoch="e", seq="3.1"), one) == {key: Position(3, 1)}
    assert positions_of(Resume(epoch="e", seq="3.1"), many) == {}
    listed = Resume(epoch="e", series=[SeriesPosition(symbol="A", seq="3.0"), SeriesPosition(symbol="C", seq="4.0")])
    assert positions_of(listed, many) == {key: Position(3, 0)}


def test_states_and_thinned_series_have_nothing_to_catch_up() -> None:
    assert can_resume(Selector.of(Subscribe(channel=Channel.TICKS, symbol="A")))
    assert not can_resume(Selector.of(Subscribe(channel=Channel.TICKS, symbol="A", max_per_s=1.0)))
    assert not can_resume(Selector.of(Subscribe(channel=Channel.ORDERBOOK, symbol="A")))
    assert not can_resume(Selector.of(Subscribe(channel=Channel.MARKET_SUMMARY)))


def test_bars_of_other_symbols_are_passed_over() -> None:
    world = World()
    world.feed.handle([world.bar(bar(n, symbol)) for n in range(3) for symbol in ("A", "B")])
    view = world.hub.seen(SeriesKey(Channel.OHLCV, "B", PRIMARY, "1m"))
    assert view is not None
    missed = resume_module.missed_of(world.recent, view.key, 0, Position(1, 0))
    assert missed is not None
    assert [placed.seq for placed, _ in missed] == ["3.0", "5.0"]
    assert (
        json.loads(payloads(world.snapshots.frame(view, Selector.of(Subscribe(channel=Channel.OHLCV, symbol="B")).variant, 1))[0])["seq"]
        == "5.0"
    )
