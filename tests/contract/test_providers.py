"""What every streaming provider promises, as one suite over all that are registered and the template. A new provider adds one entry to DIALECTS.

The servers speak each provider's own protocol; Kafka stands in memory, since what is asked here is the provider's part.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ingestors import connector, conversation, handover, rest, settling, stream
from ingestors.books import fetcher, resubscriber
from ingestors.events import Acknowledged, Control, Heartbeat, Refused
from ingestors.history import History
from ingestors.registry import CLOSED, PROVIDERS, provider_of
from runtime.clock import SystemClock
from runtime.errors import InvalidRecord, UserError
from runtime.health import Health
from schemas.codec import decode_order_book
from schemas.reasons import CATALOGUE
from schemas.sessions import AlwaysOpen
from schemas.ticks import Quote, Trade
from schemas.topics import Topic
from tests.memory_output import MemoryOutput
from tests.support import eventually_async
from tests.venue_server import START_NS, Deal, Dialect, VenueServer, venue
from tests.venues.catalogue import STREAMED
from tests.venues.template import Template

DIALECTS: dict[str, Any] = {one.name: one for one in (Template, *STREAMED)}
every_provider = pytest.mark.parametrize("name", sorted(DIALECTS))


class World:
    """A provider's server, an ingestor at it, and what came out."""

    def __init__(self, dialect: Dialect, server: VenueServer, websocket: str, rest: str) -> None:
        self.dialect, self.server = dialect, server
        self.first, self.second = dialect.symbols[:2]
        self.output = MemoryOutput()
        self.health = Health(f"ingest-{dialect.name}", SystemClock())
        self._urls = websocket, rest

    def ingestor(self, **more: Any) -> Any:
        """more: of the provider's section, and under `ingest` of the shared one."""
        ingest = {"watermark_interval_s": 0.02, "silence_timeout_s": 20.0} | more.pop("ingest", {})
        settings = {"ingest": ingest, "data_dir": more.pop("data_dir", Path(".tickerplant")), "provider": more}
        return self.dialect.build(*self._urls, settings, self.output, self.health)

    @asynccontextmanager
    async def ingesting(self, **more: Any) -> AsyncIterator[Any]:
        """Until the block ends, then in order."""
        ingestor = self.ingestor(**more)
        running = asyncio.ensure_future(ingestor.run())
        try:
            yield ingestor
        finally:
            ingestor.stop()
            await asyncio.wait_for(running, 20)

    async def subscribed(self) -> None:
        await eventually_async(lambda: self.server.subscribed == {self.first, self.second})

    def ticks(self, symbol: str) -> list[Trade | Quote]:
        """The symbol's trades that came out, or its quotes where the provider has no trades."""
        wanted = Quote if self.dialect.quoted else Trade
        return [tick for tick in self.output.ticks if isinstance(tick, wanted) and tick.symbol == symbol]

    def numbers(self, symbol: str) -> list[int]:
        """Which of the symbol's deals came out; 0 for what is none of them."""
        numbers = {self.dialect.trade_id(deal): deal.trade_id for deal in self.server.deals if deal.symbol == symbol}
        return [numbers.get(_identity(tick), 0) for tick in self.ticks(symbol)]

    def told(self) -> list[tuple[str, str, int]]:
        """Its gaps: cause, state, how many were found."""
        channel = "quote" if self.dialect.quoted else "trade"
        return [(gap.cause, gap.state, gap.filled) for gap in self.output.gaps if gap.channel == channel]

    async def has(self, symbol: str, number: int) -> None:
        """All trades of a symbol from 1 to number came out, none twice, in order."""
        await eventually_async(lambda: len(self.ticks(symbol)) >= number)
        assert self.numbers(symbol) == list(range(1, number + 1))

    async def hole(self, number: int, *refusals: tuple[int, bytes, str]) -> None:
        """Trade 1 came, so many more happen without a word, then one with it. refusals: how the provider meets the next questions."""
        await self.subscribed()
        self.server.happen(self.first)
        await self.has(self.first, 1)
        self.server.refusals += refusals
        if not self.dialect.numbered:  # then only a break tells that something may be missing
            self.server.cut()
        self.server.happen(self.first, number, told=False)
        if not self.dialect.numbered:
            await eventually_async(lambda: self.server.connections == 2 and self.server.subscribed == {self.first, self.second})
        self.server.happen(self.first)

    async def limited(self, *refusals: tuple[int, bytes, str]) -> None:
        """The provider meets its questions so, and all comes out all the same. One without a past is asked at the start alone."""
        if not self.dialect.remembers:
            self.server.refusals += refusals
        async with self.ingesting():
            if self.dialect.remembers:
                await self.hole(3, *refusals)
                await self.has(self.first, 5)
            await self.subscribed()
        assert self.server.refusals == []

    def books(self, symbol: str) -> list[tuple[str, str]]:
        """What was told of its order book: kinds and reasons."""
        books = [decode_order_book(value) for topic, _, value in self.output.sent if topic is Topic.BOOKS]
        return [(book.kind, book.reason) for book in books if book.symbol == symbol and book.kind != "update"]


@pytest.fixture
async def world(name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(settling, "SETTLE_S", 0.1)
    monkeypatch.setattr(connector, "_STEP_S", 0.02)
    monkeypatch.setattr(conversation, "ACKNOWLEDGEMENT_S", 0.2)
    monkeypatch.setattr(handover, "OVERLAP_S", 0.05)
    monkeypatch.setattr(stream, "_FOLLOW_S", 0.05)
    monkeypatch.setattr(rest, "LIMITED_S", 0.05)
    monkeypatch.setattr(fetcher, "_LOOK_S", 0.02)
    monkeypatch.setattr(fetcher, "_AGAIN_S", 0.05)
    monkeypatch.setattr(resubscriber, "_LOOK_S", 0.02)
    for history in (History, *History.__subclasses__()):
        monkeypatch.setattr(history, "book_interval_s", 0.02)
    monkeypatch.setattr(stream, "calendar_of", lambda asset_class: AlwaysOpen())  # whenever this runs
    dialect = DIALECTS[name]()
    dialect.shorten(monkeypatch)
    async with venue(dialect) as (server, websocket, rest_url):
        yield World(dialect, server, websocket, rest_url)


def test_00_every_streaming_provider_has_a_dialect() -> None:
    assert DIALECTS.keys() == {name for name, provider in PROVIDERS.items() if provider.transport == "stream"} | {"template"}


@every_provider
async def test_01_connect_and_subscribe(world: World) -> None:
    async with world.ingesting():
        await world.subscribed()
        world.server.happen(world.first)
        world.server.happen(world.second)
        await world.has(world.first, 1)
        await world.has(world.second, 1)
        assert {name: answer for name, answer in world.health.ready()[1].items() if answer} == {}


@every_provider
async def test_02_a_lost_acknowledgement_is_asked_for_again(world: World) -> None:
    world.server.lose_answers = 1
    async with world.ingesting() as ingestor:
        await world.subscribed()
        if world.server.messages and world.dialect.acknowledges:  # else the address subscribes, and nothing is acknowledged
            shard = next(iter(ingestor.lanes))
            await eventually_async(lambda: len(world.server.messages) >= 2 and not shard.connector.conversation.waiting())
            assert shard.connector.conversation.repeated == 1
        assert world.server.connections == 1


@every_provider
def test_03_every_recorded_message_is_an_event_or_a_named_reason(name: str) -> None:
    dialect = DIALECTS[name]()
    session, kinds = dialect.session(), Counter[str]()
    for number, frame in enumerate(dialect.recorded()):
        try:
            events = session.parse(frame, number)
            kinds.update(type(event).__name__ for event in (events if isinstance(events, list) else [events]))
        except InvalidRecord as refused:
            kinds[refused.reason] += 1
    if not kinds:
        pytest.skip("no recorded traffic here")
    assert {kind for kind in kinds if kind.islower()} <= set(CATALOGUE)
    assert not kinds.keys() & {"broken_json", "missing_field", "invalid_field", "unknown_message"}
    assert kinds["Quote" if dialect.quoted else "Trade"] or kinds["BookDifference"] > 0


@every_provider
async def test_04_an_unknown_message_is_a_dead_letter(world: World) -> None:
    await _refused(world, world.dialect.unknown, "unknown_message")


@every_provider
async def test_05_a_malformed_message_is_a_dead_letter(world: World) -> None:
    await _refused(world, world.dialect.malformed, "broken_json")


async def _refused(world: World, frame: bytes, reason: str) -> None:
    async with world.ingesting():
        await world.subscribed()
        world.server.say(frame)
        world.server.happen(world.first)
        await world.has(world.first, 1)
        assert [(letter.reason, letter.payload) for letter in world.output.letters] == [(reason, frame)]


@every_provider
def test_06_a_heartbeat_is_no_data(name: str) -> None:
    dialect = DIALECTS[name]()
    beat = dialect.heartbeat()
    if beat is None:
        pytest.skip("the provider has none in its own protocol")
    events = dialect.session().parse(beat, 1)
    assert all(isinstance(event, Control) for event in (events if isinstance(events, list) else [events]))


@every_provider
async def test_07_silence_is_a_dead_connection(world: World) -> None:
    async with world.ingesting(ingest={"silence_timeout_s": 0.3}):
        await world.subscribed()
        world.server.mute = True
        await eventually_async(lambda: world.server.connections >= 2)
        world.server.mute = False
        await world.subscribed()


@every_provider
async def test_08_a_cut_connection_heals_and_its_trades_are_fetched(world: World) -> None:
    async with world.ingesting():
        await world.subscribed()
        world.server.happen(world.first, 3)
        await world.has(world.first, 3)
        world.server.cut()
        world.server.happen(world.first, 4, told=False)
        await eventually_async(lambda: world.server.connections == 2)
        if world.dialect.remembers:
            await world.has(world.first, 7)  # though it never trades again
        await world.subscribed()
        world.server.happen(world.first)
        await eventually_async(lambda: world.numbers(world.first)[-1] == 8)
    if world.dialect.remembers:
        assert [trade.filled for trade in world.output.trades(world.first)] == [False] * 3 + [True] * 4 + [False]
        assert world.told() == [("reconnect", "filled", 4)]
    else:
        assert world.numbers(world.first) == [1, 2, 3, 8]
        assert world.told() == [("reconnect", "unfillable", 0)]


@every_provider
async def test_09_a_restarted_process_fetches_what_it_missed(world: World) -> None:
    async with world.ingesting():
        await world.subscribed()
        world.server.happen(world.first, 2)
        await world.has(world.first, 2)
    await eventually_async(lambda: not world.server.clients)
    world.server.happen(world.first, 3, told=False)
    async with world.ingesting():
        if world.dialect.remembers:
            await world.has(world.first, 5)
        await world.subscribed()
        world.server.happen(world.first)
        await eventually_async(lambda: world.numbers(world.first)[-1] == 6)
    assert world.numbers(world.first) == [1, 2, 3, 4, 5, 6] if world.dialect.remembers else [1, 2, 6]
    assert [cause for cause, _, _ in world.told()] == ["restart"]


@every_provider
async def test_10_limits_bans_and_outages_are_waited_for(world: World) -> None:
    await world.limited((429, b"{}", "Retry-After: 0\r\n"), (418, b"{}", "Retry-After: 0\r\n"), (503, b"", ""))


@every_provider
async def test_11_a_limit_inside_a_good_answer_is_a_limit(world: World) -> None:
    if not world.dialect.hidden_limit:
        pytest.skip("the provider says it with a status")
    await world.limited((200, world.dialect.hidden_limit, ""))


@every_provider
async def test_12_a_refused_key_is_the_users_to_mend(world: World) -> None:
    world.server.refusals.append((401, b"{}", ""))
    with pytest.raises(UserError, match=r"refuses .*; check (binance|providers\.)"):
        await asyncio.wait_for(world.ingestor().run(), 20)


@every_provider
async def test_13_a_symbol_that_is_not_listed_is_the_users_to_mend(world: World) -> None:
    with pytest.raises(UserError, match=r"does not list NO-SUCH; correct .*symbols"):
        await asyncio.wait_for(world.ingestor(symbols=[world.first, "NO-SUCH"]).run(), 20)


@every_provider
def test_14_times_are_the_venues_and_ours(name: str) -> None:
    dialect = DIALECTS[name]()
    deal = Deal(dialect.symbols[0], 7, START_NS)
    for event in _flat(dialect.session().parse(dialect.trade(deal), 99)):
        assert (_identity(event), event.ts_event_ns, event.ts_ingest_ns) == (dialect.trade_id(deal), START_NS, 99)
        if dialect.quoted:
            assert (event.bid, event.ask) == ("100.25", "100.26")
        else:
            assert (event.price, event.size, event.side) == ("100.25", "0.5", dialect.side)


@every_provider
def test_14_recorded_times_are_plausible(name: str) -> None:
    dialect = DIALECTS[name]()
    session = dialect.session()
    frames = [frame for _, frame in zip(range(20_000), dialect.recorded(), strict=False)]
    ticks = [event for frame in frames for event in _flat(session.parse(frame, START_NS)) if isinstance(event, Trade | Quote)]
    assert all(1.4e18 < tick.ts_event_ns < 1.8e18 for tick in ticks)


def _identity(tick: Trade | Quote) -> int | str:
    return tick.trade_id if isinstance(tick, Trade) else tick.update_id


def _flat(events: Any) -> list[Any]:
    return events if isinstance(events, list) else [events]


@every_provider
async def test_15_a_large_hole_is_fetched_page_by_page(world: World) -> None:
    if not world.dialect.remembers:
        pytest.skip("the provider has no past of this kind")
    async with world.ingesting():
        await world.hole(2_500)
        if world.dialect.remembers < 2_500:
            await eventually_async(lambda: [gap.state for gap in world.output.gaps if gap.channel == "trade"] == ["partial"])
            await eventually_async(lambda: world.numbers(world.first)[-1] == 2_502)
            assert len(world.output.trades(world.first)) == world.numbers(world.first)[-1] - world.numbers(world.first)[1] + 2
            await _again(world)
            return
        await world.has(world.first, 2_502)
        await _again(world)


async def _again(world: World) -> None:
    """Another break: nothing of what filled the first hole comes a second time."""
    connections, number = world.server.connections, len(world.output.trades(world.first))
    world.server.cut()
    await eventually_async(lambda: world.server.connections > connections and world.server.subscribed == {world.first, world.second})
    world.server.happen(world.first)
    await eventually_async(lambda: len(world.output.trades(world.first)) > number)
    numbers = world.numbers(world.first)
    assert len(set(numbers)) == number + 1
    assert world.dialect.numbered or len(numbers) == number + 1


@every_provider
async def test_16_a_stop_delivers_everything_and_a_last_watermark(world: World) -> None:
    async with world.ingesting() as ingestor:
        await world.subscribed()
        world.server.happen(world.first, 200)
        await eventually_async(lambda: world.ticks(world.first))
        ingestor.stop()
    numbers = world.numbers(world.first)
    assert numbers == list(range(1, 1 + len(numbers)))
    last = world.output.sent[-4:]
    assert [partition for _, partition, _ in last] == [0, 1, 2, 3]
    assert len({watermark.ts_event_ns for watermark in world.output.watermarks[-4:]}) == 1


@every_provider
async def test_17_trades_that_come_again_are_no_hole(world: World) -> None:
    async with world.ingesting():
        await world.subscribed()
        world.server.happen(world.first, 3)
        await world.has(world.first, 3)
        world.server.say(world.dialect.trade(world.server.deals[1]))  # validate drops it by its id
        world.server.happen(world.first)
        await eventually_async(lambda: world.ticks(world.first) and world.numbers(world.first)[-1] == 4)
    expected = {"again": [1, 2, 3, 2, 4], "another": [1, 2, 3, 0, 4], "nothing": [1, 2, 3, 4]}
    assert world.numbers(world.first) == expected[world.dialect.repeats_as]
    assert world.output.gaps == []


@every_provider
async def test_18_symbols_are_spread_over_connections(world: World) -> None:
    async with world.ingesting(symbols_per_connection=1):
        await world.subscribed()
        assert sorted(len(client.symbols) for client in world.server.clients) == [1, 1]
        for symbol in world.dialect.symbols:
            world.server.happen(symbol, 2)
            await world.has(symbol, 2)
        world.server.clients[0].transport.abort()
        await eventually_async(lambda: world.server.connections == 3)
        await world.subscribed()
        for symbol in world.dialect.symbols:
            world.server.happen(symbol)
            await world.has(symbol, 3)


@every_provider
def test_19_acknowledgements_name_what_was_asked_for(name: str) -> None:
    dialect = DIALECTS[name]()
    session, symbol = dialect.session(), dialect.symbols[0]
    session._names.learn({symbol: dialect.names.get(symbol, symbol)})
    dialect.hello("/")
    for request in session.subscribe([symbol], False):
        acknowledged: set[str] = set()
        for frame in dialect.answer(request.frame).answers:
            for event in _flat(session.parse(frame, 1)):
                assert not isinstance(event, Refused | Heartbeat)
                acknowledged |= set(event.keys) if isinstance(event, Acknowledged) else set()
        assert request.keys <= acknowledged


@every_provider
async def test_21_a_connection_is_replaced_before_it_is_cut_without_a_loss(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    session = type(world.dialect.session())
    monkeypatch.setattr(session, "lifetime_s", 0.5)
    async with world.ingesting():
        await world.subscribed()

        def replaced() -> bool:
            world.server.happen(world.first)  # a connection takes over once it brings data
            if world.server.connections >= 3:
                monkeypatch.setattr(session, "lifetime_s", 0.0)
            return world.server.connections >= 3 and len(world.server.clients) == 1

        await eventually_async(replaced)
        world.server.happen(world.first)
        await world.has(world.first, len(world.server.deals))
    assert not any(trade.filled for trade in world.output.trades(world.first))
    assert world.output.gaps == []


@every_provider
async def test_22_symbols_come_and_go_at_run_time(world: World) -> None:
    world.output.asked = (world.first,)
    async with world.ingesting():
        await eventually_async(lambda: world.server.subscribed == {world.first})
        world.server.happen(world.first)
        await world.has(world.first, 1)
        world.output.asked = (world.first, world.second, "NO-SUCH")
        await world.subscribed()
        world.server.happen(world.second, 2)
        await world.has(world.second, 2)
        world.output.asked = (world.second,)
        await eventually_async(lambda: world.server.subscribed == {world.second})
        world.server.happen(world.second)
        await world.has(world.second, 3)
        assert world.server.connections == (3 if world.dialect.lines else 1)  # lines are asked for by the address alone
    assert world.output.gaps == []


async def test_23_two_thousand_symbols_are_sharded_and_all_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    symbols = tuple(f"S{number}-USD" for number in range(2_000))
    dialect: Any = Template()
    dialect.symbols = symbols
    async with venue(dialect) as (server, websocket, rest):
        server.lose_answers = 3
        monkeypatch.setattr(conversation, "ACKNOWLEDGEMENT_S", 0.2)
        monkeypatch.setattr(connector, "_STEP_S", 0.02)
        world = World(dialect, server, websocket, rest)
        async with world.ingesting(symbols=symbols, symbols_per_connection=100) as ingestor:
            await eventually_async(lambda: len(server.subscribed) == 2_000)
            conversations = [shard.connector.conversation for shard in ingestor.lanes]
            await eventually_async(lambda: not any(one.waiting() for one in conversations))
            assert (len(conversations), server.connections) == (20, 20)
            assert sum(one.repeated for one in conversations) == 3
            for symbol in (symbols[0], symbols[777], symbols[1_999]):
                server.happen(symbol)
                await world.has(symbol, 1)


@every_provider
async def test_24_a_capture_of_raw_frames_plays_back_the_same(world: World, tmp_path: Path) -> None:
    async with world.ingesting(ingest={"capture": True}, data_dir=tmp_path):
        await world.subscribed()
        world.server.happen(world.first, 50)
        world.server.say(world.dialect.unknown)
        await world.has(world.first, 50)
        world.server.cut()
        await eventually_async(lambda: world.server.connections == 2)
        await world.subscribed()
        world.server.happen(world.second, 20)
        await world.has(world.second, 20)
    live = {symbol: world.ticks(symbol) for symbol in world.dialect.symbols}
    world.output = MemoryOutput()
    ingestor = world.ingestor()
    ingestor.play(sorted(tmp_path.glob("capture/*/*.frames.gz")))
    calls = len(world.server.calls)
    await asyncio.wait_for(ingestor.run(), 20)
    for symbol in (world.first, world.second):
        assert world.ticks(symbol) == live[symbol]  # times of receipt included
    assert [letter.payload for letter in world.output.letters] == [world.dialect.unknown]
    assert (len(world.server.calls), world.server.connections) == (calls, 2)


@every_provider
async def test_25_a_broken_book_is_told_and_asked_for_anew(world: World) -> None:
    if not world.dialect.book_settings:
        pytest.skip("no books are taken from this provider")
    async with world.ingesting(ingest={"book_interval_s": 0, "book_snapshot_s": 3600}, **world.dialect.book_settings) as ingestor:
        await world.subscribed()
        connectors = [shard.connector for shard in ingestor.lanes]
        await eventually_async(lambda: all(one.conversation and not one.conversation.waiting() for one in connectors))
        for symbol in world.dialect.symbols:
            for frame in world.dialect.book(symbol):
                world.server.say(frame, symbol)
            await eventually_async(lambda symbol=symbol: world.books(symbol) == [("snapshot", "")])
        world.server.say(world.dialect.broken_book(world.first), world.first)
        await eventually_async(lambda: len(world.books(world.first)) > 1)
        assert world.books(world.first)[1] == ("invalid", world.dialect.book_reason)
        for frame in () if world.dialect.book_comes_again else world.dialect.book(world.first):
            world.server.say(frame, world.first)
        await eventually_async(lambda: world.books(world.first)[2:] == [("snapshot", "")])
        world.server.happen(world.first)
        await world.has(world.first, 1)
        assert world.server.connections == 1
        assert world.books(world.second) == [("snapshot", "")]


@every_provider
async def test_26_a_key_that_the_stream_refuses_is_the_users_to_mend(world: World) -> None:
    if not world.dialect.key_setting:
        pytest.skip("the provider wants no key")
    world.dialect.wrong_key = True
    with pytest.raises(UserError, match=rf"refuses the key: .*; check {world.dialect.key_setting}"):
        await asyncio.wait_for(world.ingestor().run(), 20)


@every_provider
async def test_27_a_key_that_is_missing_is_named_and_nothing_is_asked(world: World) -> None:
    if not world.dialect.key_setting:
        pytest.skip("the provider wants no key")
    for nothing in (None, " "):
        with pytest.raises(UserError, match=rf"needs a key: set {world.dialect.key_setting} in the settings, or TICKERPLANT_PROVIDERS__"):
            world.ingestor(api_key=nothing)
    assert world.server.calls == []


@every_provider
async def test_28_a_closed_market_may_be_silent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "calendar_of", lambda asset_class: Closed())
    async with world.ingesting(ingest={"silence_timeout_s": 0.1}) as ingestor:
        await world.subscribed()
        age_s = [ingestor.lanes.data_age_s()]
        await asyncio.sleep(0.3)
        assert world.server.connections == 1
        assert ingestor.lanes.data_age_s() < 0.3, age_s


@every_provider
async def test_29_a_number_that_is_missing_among_the_messages_is_a_loss(world: World) -> None:
    if not world.dialect.numbers_messages:
        pytest.skip("the provider does not number its messages")
    async with world.ingesting():
        await world.subscribed()
        world.server.happen(world.first)
        await world.has(world.first, 1)
        world.server.happen(world.first, 2, told=False)
        for client in world.server.clients:
            client.memory["number"] += 1
        world.server.happen(world.second)
        await eventually_async(lambda: world.server.connections == 2)
        await world.has(world.first, 3)  # though it never trades again
        await world.has(world.second, 1)
        await world.subscribed()


class Closed(AlwaysOpen):
    def is_open(self, ts_ns: int) -> bool:
        return False


@pytest.mark.parametrize("name", sorted(CLOSED))
def test_20_a_closed_provider_refuses_and_says_why(name: str) -> None:
    with pytest.raises(UserError, match="nothing to connect to"):
        provider_of(name)
