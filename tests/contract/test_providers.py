"""What every streaming provider promises, as one suite over all that are registered and the template: what it says and what we make of it, the keys and
symbols that are the user's, the end. Its connections are in test_providers_connections, holes and limits in test_providers_losses. A new provider adds
one entry to the catalogue of dialects.

The servers speak each provider's own protocol; Kafka stands in memory, since what is asked here is the provider's part.
"""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ingestors.events import Acknowledged, Control, Heartbeat, Refused
from ingestors.registry import CLOSED, PROVIDERS, provider_of
from runtime.errors import InvalidRecord, UserError
from schemas.reasons import CATALOGUE
from schemas.ticks import Quote, Trade
from tests.dialect import START_NS, Deal
from tests.streamed_world import DIALECTS, World, every_provider, identity
from tests.support import eventually_async


def test_00_every_streaming_provider_has_a_dialect() -> None:
    assert DIALECTS.keys() == {name for name, provider in PROVIDERS.items() if provider.transport == "stream"} | {"template"}


def test_00_the_guide_says_what_each_case_of_the_suite_promises() -> None:
    folder = Path(__file__).parent
    cases = Counter(
        number for path in folder.glob("test_providers*.py") for number in set(re.findall(r"def test_(\d\d)_", path.read_text())) - {"00"}
    )
    guide = (folder.parent.parent / "docs" / "guides" / "adding-a-provider.md").read_text()
    rows = re.findall(r"^\| (\d\d(?:, \d\d)*) \|", guide, re.MULTILINE)
    assert cases == Counter(number for row in rows for number in row.split(", "))


@pytest.mark.parametrize("name", sorted(DIALECTS.keys() - {"template"}))
def test_00_what_a_provider_is_registered_with_is_what_this_suite_asks_of_it(name: str) -> None:
    """A case that a dialect passes over is one of what the provider does not claim to have."""
    provider, dialect = PROVIDERS[name], DIALECTS[name]
    claimed = (provider.trades, provider.books, provider.key)
    assert claimed == (not dialect.quoted, bool(dialect.book_settings), dialect.key_setting)


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
        assert (identity(event), event.ts_event_ns, event.ts_ingest_ns) == (dialect.trade_id(deal), START_NS, 99)
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


def _flat(events: Any) -> list[Any]:
    return events if isinstance(events, list) else [events]


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


@pytest.mark.parametrize("name", sorted(CLOSED))
def test_20_a_closed_provider_refuses_and_says_why(name: str) -> None:
    with pytest.raises(UserError, match="nothing to connect to"):
        provider_of(name)
