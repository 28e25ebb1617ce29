"""The first word on each series of a subscription: after a restart that did not read back so far, beside others, and when the client is gone."""

import asyncio
import json
from typing import Any

import pytest

from gateway.catchup import CatchUp
from gateway.joining import positions_in, start_all
from gateway.protocol import Resume, SeriesPosition, Subscribe
from gateway.selector import Selector
from gateway.series import PRIMARY, Channel, SeriesKey
from gateway.services import Services
from gateway.session import Session
from gateway.views import Listing, Subscription
from runtime.settings import GatewaySettings
from runtime.stage import InputRecord
from schemas.codec import encode
from schemas.topics import Topic
from tests.gateway_events import alert, bar, trade
from tests.gateway_hub import Box, Log, World, payloads


def services(world: World, log: Log) -> Services:
    loaded = asyncio.Event()
    loaded.set()
    catch_up = CatchUp(world.hub, world.recent, log, 1)
    listing = Listing(world.hub.views, world.clock)
    return Services(world.hub, world.feed, world.snapshots, catch_up, loaded, world.clock, GatewaySettings(), listing)


def come_back(world: World, log: Log, channel: Channel, symbol: str, **seqs: str) -> Box:
    """A subscription that goes on behind these positions, by symbol."""
    named = [SeriesPosition(symbol=name, seq=seq, source="binance" if channel is Channel.ALERTS else None) for name, seq in seqs.items()]
    action = Subscribe(channel=channel, symbol=symbol, resume=Resume(epoch="", series=named))
    selector = Selector.of(action)
    positions, subscription = positions_in(action, selector), Subscription(Box(), selector)
    world.last = subscription
    world.feed.catch_up(selector)
    asyncio.run(start_all(services(world, log), subscription, world.hub.add(subscription, positions), action, positions))
    assert isinstance(subscription.receiver, Box)
    return subscription.receiver


def alerts(world: World, *symbols: str) -> list[InputRecord]:
    return [world.record(Topic.ALERTS, encode(alert(n, symbol=symbol)), symbol) for n, symbol in enumerate(symbols)]


def restarted(records: list[InputRecord], first: int) -> tuple[World, Log]:
    """A gateway that read back from the record `first` on, and a log that holds them all."""
    world = World()
    world.feed.handle(records[first:])
    world.offsets[records[0].topic] = len(records)
    return world, Log(world.recent, records)


def test_wildcard_goes_on_with_a_symbol_that_was_quiet_since_before_the_restart() -> None:
    world, log = restarted(alerts(World(), "QUIET", "A", "QUIET", "A", "A"), 3)
    box = come_back(world, log, Channel.ALERTS, "*", QUIET="0.0", A="4.0")
    quiet = [message for message in box.messages if message["symbol"] == "QUIET"]
    assert [(m.get("type"), m.get("prev"), m["seq"]) for m in quiet] == [(None, "0.0", "2.0"), ("resumed", None, "2.0")]
    world.feed.handle([world.record(Topic.ALERTS, encode(alert(9, symbol="QUIET")), "QUIET")])
    assert (box.messages[-1]["prev"], box.messages[-1]["seq"]) == ("2.0", "5.0")


def test_series_that_cannot_go_on_says_so_though_nobody_else_knows_it() -> None:
    world, log = restarted(alerts(World(), "QUIET", "A", "A", "A"), 2)
    log.low = 1
    box = come_back(world, log, Channel.ALERTS, "*", QUIET="0.0", A="3.0")
    [quiet] = [message for message in box.messages if message["symbol"] == "QUIET"]
    assert (quiet["type"], quiet["recovered"], quiet["reason"], quiet["seq"]) == ("snapshot", False, "too_far", None)
    world.feed.handle([world.record(Topic.ALERTS, encode(alert(9, symbol="QUIET")), "QUIET")])
    assert (box.messages[-1]["symbol"], box.messages[-1]["prev"]) == ("QUIET", None)


def test_exact_series_from_before_the_restart_resumes_at_what_was_sent_last() -> None:
    old = World()
    world, log = restarted([old.bar(bar(n, symbol)) for n, symbol in enumerate(["A", "A", "A", "B", "B"])], 3)
    early, [snapshot] = world.subscribe(Channel.OHLCV, "A")
    assert snapshot["seq"] is None
    box = come_back(world, log, Channel.OHLCV, "A", A="1.0")
    assert [(message.get("type"), message["seq"]) for message in box.messages] == [(None, "2.0"), ("resumed", "2.0")]
    world.feed.handle([world.bar(bar(9, "A"))])
    assert [message["prev"] for message in (early.messages[-1], box.messages[-1])] == ["2.0", "2.0"]  # the other hears that it misses some


def test_position_that_the_log_knows_nothing_of_leaves_nothing_behind() -> None:
    world, log = restarted(alerts(World(), "A", "A"), 0)
    watcher, _ = world.subscribe(Channel.ALERTS, "*")
    box = come_back(world, log, Channel.ALERTS, "*", NEVER="1.0")
    assert [(m["symbol"], m["recovered"]) for m in box.messages if m["symbol"] == "NEVER"] == [("NEVER", False)]
    assert world.hub.seen(SeriesKey(Channel.ALERTS, "NEVER", "binance", "")) is None
    assert watcher.messages == []


def test_many_snapshots_let_others_have_their_turn() -> None:
    world = World()
    world.feed.handle([world.bar(bar(0, f"S{number}")) for number in range(400)])
    action = Subscribe(channel=Channel.OHLCV, symbol="*")
    subscription, turns, ends = Subscription(Quick(), Selector.of(action)), [], []

    async def other() -> None:
        while not ends:
            turns.append(1)
            await asyncio.sleep(0)

    async def both() -> None:
        task = asyncio.create_task(other())
        await start_all(services(world, Log(world.recent, [])), subscription, world.hub.add(subscription), action, {})
        ends.append(1)
        await task

    asyncio.run(both())
    assert len(subscription.views) == 400
    assert len(turns) >= 8


class Quick(Box):
    """It has room at once."""

    async def room(self) -> None:
        return


def test_view_that_somebody_waits_for_stays_though_another_leaves_it() -> None:
    world = World()
    waiting, other = (Subscription(Box(), Selector.of(Subscribe(channel=Channel.TICKS, symbol=["A", "NEW"]))) for _ in range(2))
    views = world.hub.add(waiting)
    for view in world.hub.add(other):
        world.hub.attach(other, view)
    world.hub.remove(other)
    for view in views:
        world.hub.attach(waiting, view)
    world.feed.handle([world.ticks(trade(1, "NEW"))])
    assert isinstance(waiting.receiver, Box)
    assert [message["source_seq"] for message in waiting.receiver.messages] == [1]


def test_views_of_unknown_symbols_go_with_who_named_them_attached_or_not() -> None:
    world = World()
    everybody, _ = world.subscribe(Channel.TICKS, "*")
    subscription = Subscription(Box(), Selector.of(Subscribe(channel=Channel.TICKS, symbol=["A", "B"])))
    world.hub.attach(subscription, world.hub.add(subscription)[0])
    world.hub.remove(subscription)
    assert list(world.hub.views()) == []
    world.feed.handle([world.ticks(trade(1, "A"))])
    assert [message["prev"] for message in everybody.messages] == [None]


def test_last_prices_of_the_primary_stay_though_another_source_wrote_last() -> None:
    world = World()
    world.feed.handle([world.ticks(trade(1)), world.ticks(trade(5)), world.ticks(trade(9, primary=False), source="kraken")])
    _, [snapshot] = world.subscribe(Channel.TICKS)
    assert ([item["source_seq"] for item in snapshot["items"]], snapshot["seq"]) == ([5], "1.0")
    assert world.hub.seen(SeriesKey(Channel.TICKS, "BTC-USDT", PRIMARY, "")) is not None


def test_unread_record_never_sets_a_series_back() -> None:
    world = World()
    world.feed.handle([world.ticks(trade(1, "Y"))])
    world.subscribe(Channel.TICKS, "X")
    world.feed.handle([world.ticks(trade(2, "X"), trade(3, "Y"), source="kraken")])  # the primary since then
    _, [snapshot] = world.subscribe(Channel.TICKS, "Y")
    assert ([item["source_seq"] for item in snapshot["items"]], snapshot["seq"]) == ([3], "1.1")


class Gone:
    """A connection whose socket breaks while it is full."""

    def __init__(self) -> None:
        self.wire = Selector.of(Subscribe(channel=Channel.TICKS, symbol="A")).variant.wire
        self.request, self.is_open, self.is_writable, self.on_writable = None, True, True, None
        self.written: list[dict[str, Any]] = []
        self.transport, self.write = self, self.write_frames

    def __aiter__(self) -> "Gone":
        return self

    async def __anext__(self) -> str:
        return '{"action": "subscribe", "channel": "ticks", "symbol": ["A", "B"]}'

    def write_frames(self, frames: bytes) -> None:
        self.written += [json.loads(payload) for payload in payloads(frames)]
        self.is_writable = len(self.written) < 2

    async def drain(self) -> None:
        raise BrokenPipeError


class AnyMember:
    grant, pace, end = None, None, None

    def check(self) -> None: ...

    def leave(self, selector: Selector) -> None: ...

    async def listen(self) -> None: ...

    async def admit(self, selector: Selector) -> None: ...


@pytest.mark.parametrize("error", [BrokenPipeError, ConnectionResetError])
def test_socket_that_breaks_while_it_is_full_ends_the_session_alone(error: type[OSError], monkeypatch: pytest.MonkeyPatch) -> None:
    async def drain(self: Gone) -> None:
        raise error

    monkeypatch.setattr(Gone, "drain", drain)
    world, connection = World(), Gone()
    member: Any = AnyMember()
    client: Any = connection

    async def run() -> None:
        await Session(client, member, services(world, Log(world.recent, []))).run()

    asyncio.run(run())
    assert [message["type"] for message in connection.written] == ["subscribed", "snapshot"]
    assert list(world.hub.views()) == []
    assert not world.hub.wants(Channel.TICKS)
