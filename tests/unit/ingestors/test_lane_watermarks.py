"""A connection that is down or behind holds the source's watermark: nobody's bars close while trades of them are still to come."""

import json
from pathlib import Path
from typing import Any

from ingestors.books.desk import BookDesk
from ingestors.conversation import Conversation
from ingestors.events import Lost
from ingestors.feed import Feed
from ingestors.frame_queue import FrameQueue, Marker, Stamped
from ingestors.gap_fill import TradeFiller
from ingestors.history import History
from ingestors.lane import Lane
from ingestors.resume import Published
from ingestors.session import Request, Session
from runtime.clock import ManualClock
from runtime.faults import KillPoints
from runtime.settings import IngestSettings
from schemas.ticks import Trade

S = 1_000_000_000


class Said(Session):
    """Frames are [symbol, event time s, trade id], or text of a loss."""

    async def address(self, symbols: Any) -> str:
        return ""

    def subscribe(self, symbols: Any, first: bool) -> list[Request]:
        return []

    def unsubscribe(self, symbols: Any) -> list[Request]:
        return []

    def parse(self, frame: bytes, received_ns: int) -> Any:
        if frame == b"lost":
            return Lost("message 2")
        symbol, event_s, trade_id = json.loads(frame)
        return Trade(symbol, "1", "1", int(event_s * S), received_ns, trade_id, "buy")


class Past(History):
    """Every trade that is asked for was made at 61 s."""

    async def trades(self, symbol: str, from_id: int, limit: int, from_ns: int = 0) -> list[Trade]:
        return [Trade(symbol, "1", "1", 61 * S, 0, from_id, "buy")]


class World:
    """A feed; stands for its publisher."""

    def __init__(self) -> None:
        self.marks: list[float] = []
        self.ids: list[tuple[str, Any]] = []
        self.controls: list[object] = []
        settings: Any = IngestSettings()
        publisher: Any = self
        self.feed = Feed(
            "v", publisher, TradeFiller(Past(), "v", 1_000), BookDesk("v", None, settings, lambda *_: None), settings, ManualClock(),
            published=Published(), max_frame_bytes=1_000, limit_name="", process="p", kill_points=KillPoints("p", "", Path()),
            on_control=lambda _, event: self.controls.append(event), on_progress=lambda: None,
        )  # fmt: skip

    def tick(self, trade: Trade, received_ns: int) -> None:
        self.ids.append((trade.symbol, trade.trade_id))

    def watermark(self, event_ns: int, ingest_ns: int, received_ns: int) -> None:
        self.marks.append(event_ns / S)

    def gaps(self, *_: Any) -> None: ...

    def flush(self) -> None: ...

    def poll(self) -> None: ...

    def set_backlog(self, *_: Any) -> None: ...

    def lane(self, symbol: str) -> Lane:
        lane = Lane({symbol}, FrameQueue(100))
        self.feed.carry([lane])
        return lane

    async def go(self, lane: Lane, at_s: float, *frames: Any) -> None:
        await self.feed.handle(lane, [stamped(lane, at_s, frame) for frame in frames], 0)


def stamped(lane: Lane, at_s: float, what: Any) -> Stamped:
    """A marker, or a trade of the lane's symbol by its number, made at the time of receipt."""
    if isinstance(what, str):
        kind: Any = what
        return int(at_s * S), Marker(kind, Conversation(Said(), lane.symbols))
    return int(at_s * S), json.dumps([*lane.symbols, at_s, what]).encode()


async def both_open() -> tuple[World, Lane, Lane]:
    world = World()
    first, second = world.lane("A"), world.lane("B")
    await world.go(first, 59, "opened", 1)
    await world.go(second, 59, "opened", 1)
    return world, first, second


async def test_a_connection_that_is_down_holds_the_watermark_until_its_trades_are_fetched() -> None:
    world, first, second = await both_open()
    await world.go(second, 60.5, 2, "broken")
    for second_s in range(61, 121):
        await world.go(first, second_s, second_s)
        world.feed.idle(int((second_s + 0.5) * S))
    assert max(world.marks) <= 60.5
    await world.go(second, 121, "opened", 4)
    assert ("B", 3) in world.ids
    await world.go(first, 122, 122)
    assert world.marks[-1] == 121


async def test_frames_that_wait_hold_the_watermark() -> None:
    world, first, second = await both_open()
    second.queue.put([stamped(second, at_s, at_s) for at_s in range(61, 71)], None)
    for at_s in range(60, 90):
        await world.go(first, at_s, at_s)
    assert max(world.marks) <= 59
    await world.feed.handle(second, second.queue.take(100), 0)
    await world.go(first, 91, 91)
    assert world.marks[-1] == 90


async def test_nothing_is_reached_before_every_connection_was_made() -> None:
    world = World()
    first, _ = world.lane("A"), world.lane("B")
    await world.go(first, 59, "opened", 1)
    await world.go(first, 70, 2)
    world.feed.write_watermark(0)
    assert world.marks == []


async def test_a_connection_without_symbols_holds_nothing() -> None:
    world, first, second = await both_open()
    await world.go(second, 60, "closed")
    second.symbols.clear()
    await world.go(first, 70, 2)
    assert world.marks[-1] == 69


async def test_a_captured_connection_that_has_ended_does_not_hold_the_watermark_though_its_queue_is_looked_at() -> None:
    world, first, second = await both_open()
    first.played = second.played = True
    await world.go(second, 60, "closed")
    for at_s in range(60, 71):
        await world.go(second, at_s)
        await world.go(first, at_s, at_s)
    assert world.marks[-1] == 69


async def test_a_connection_that_takes_over_goes_on_where_the_old_one_ended() -> None:
    world, first, second = await both_open()
    new = Lane({"B"}, FrameQueue(100), standby=True)
    world.feed.listen(new, [stamped(new, 60, "opened")])
    second.retired = True
    await world.go(second, 60, 2, "closed")
    await world.go(first, 65, 2)
    assert max(world.marks, default=0) <= 60
    world.feed.take_over(new, lossless=True)
    await world.go(first, 70, 3)
    assert world.marks[-1] == 69
    assert world.marks == sorted(world.marks)


async def test_one_connection_alone_reaches_its_newest_event() -> None:
    world = World()
    lane = world.lane("A")
    await world.go(lane, 59, "opened", 1)
    await world.go(lane, 60, 2)
    world.feed.idle(70 * S)
    await world.go(lane, 71, 3, "broken")
    world.feed.idle(80 * S)
    assert world.marks == [59, 69, 70, 79]


async def test_a_loss_on_a_connection_that_will_take_over_is_acted_on_and_is_no_data() -> None:
    world = World()
    lane = Lane({"A"}, FrameQueue(100), standby=True)
    world.feed.listen(lane, [stamped(lane, 1, "opened"), (S, b"lost")])
    assert (world.controls, lane.heard_events) == ([Lost("message 2")], 0)
