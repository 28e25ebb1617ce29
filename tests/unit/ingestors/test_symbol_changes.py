"""What is asked for at run time: a symbol that the venue does not list, a venue that refuses the question."""

from typing import Any

from ingestors.names import Names
from ingestors.process_shard import ProcessShard
from ingestors.resume import Published
from ingestors.symbol_changes import SymbolChanges
from runtime.clock import ManualClock
from runtime.errors import UserError
from schemas.sources import SourceState


class World:
    """Stands for the venue, its settings and the output."""

    section, source, trade_ids_contiguous = "v", "v", True
    symbols = ("A-X",)
    priority = 100

    def __init__(self, number: int = 1, of: int = 1) -> None:
        self.calls, self.refuses = 0, False
        self.asked: tuple[str, ...] = ("A-X",)
        self.settings = self
        self.state: SourceState | None = None
        self.clock = ManualClock()
        world: Any = self
        self.changes = SymbolChanges(world, world, "v", Names(), self.clock, ProcessShard(4, number, of))

    async def resolve(self, symbols: list[str]) -> dict[str, str]:
        self.calls += 1
        if self.refuses:
            raise UserError("refused: HTTP 404")
        return {symbol: symbol for symbol in symbols if not symbol.startswith("NO")}

    async def asked_symbols(self, source: str) -> tuple[str, ...]:
        return self.asked

    def source_state(self, source: str) -> SourceState | None:
        return self.state

    async def read_published(self, *_: Any) -> Published:
        return Published()

    async def look(self, times: int = 1) -> list[set[str]]:
        changes = [await self.changes.next() for _ in range(times)]
        return [change.new for change in changes if change]


async def started(*asked: str, shard: ProcessShard = ProcessShard(4)) -> World:  # noqa: B008
    world = World(shard.number, shard.of)
    world.asked = asked
    await world.changes.read()
    await world.changes.resolve()
    world.calls = 0
    return world


async def test_a_symbol_that_is_not_listed_is_asked_for_now_and_then() -> None:
    world = await started("A-X", "NO-X")
    assert (await world.look(5), world.calls) == ([], 0)
    world.clock.advance_s(301)
    assert (await world.look(5), world.calls) == ([], 1)


async def test_another_request_is_answered_at_once() -> None:
    world = await started("A-X")
    world.asked = ("A-X", "NO-X")
    assert (await world.look(5), world.calls) == ([], 1)
    world.asked = ("A-X", "NO-X", "B-X")
    assert (await world.look(5), world.calls) == ([{"B-X"}], 2)


async def test_a_refused_question_is_asked_again_later() -> None:
    world = await started("A-X")
    world.asked, world.refuses = ("A-X", "B-X"), True
    assert (await world.look(5), world.calls) == ([], 1)
    world.refuses = False
    world.clock.advance_s(61)
    assert await world.look(2) == [{"B-X"}]


async def test_a_source_that_is_disabled_gives_all_up_and_takes_them_again_when_it_is_enabled() -> None:
    world = await started("A-X", "B-X")
    world.state = SourceState("v", False, None, 1)
    change = await world.changes.next()
    assert change is not None
    assert (change.new, change.gone, world.changes.symbols) == (set(), {"A-X", "B-X"}, set())
    assert await world.changes.next() is None
    world.state = SourceState("v", True, None, 2)
    assert await world.look() == [{"A-X", "B-X"}]


async def test_a_source_that_starts_disabled_carries_nothing() -> None:
    world = World()
    world.state = SourceState("v", False, None, 1)
    await world.changes.read()
    assert await world.changes.resolve() == []
    assert (world.changes.symbols, world.changes.enabled) == (set(), False)


async def test_a_restart_gives_all_up_once_and_takes_them_again() -> None:
    world = await started("A-X", "B-X")
    world.state = SourceState("v", True, None, 1, restarted_ns=7)
    change = await world.changes.next()
    assert change is not None
    assert change.gone == {"A-X", "B-X"}
    assert await world.look(3) == [{"A-X", "B-X"}]


async def test_a_restart_from_before_this_process_is_over() -> None:
    world = World()
    world.state = SourceState("v", True, None, 1, restarted_ns=7)
    await world.changes.read()
    await world.changes.resolve()
    assert await world.changes.next() is None


async def test_priority_is_that_of_the_settings_until_another_is_asked_for() -> None:
    world = await started("A-X")
    assert world.changes.priority == 100
    world.state = SourceState("v", True, 20, 1)
    assert world.changes.priority == 20
    world.state = SourceState("v", True, None, 2)
    assert world.changes.priority == 100


async def test_of_several_processes_each_carries_what_falls_to_it_also_at_run_time() -> None:
    asked = tuple(f"S{number}-X" for number in range(20))
    for shard in (ProcessShard(4, 1, 2), ProcessShard(4, 2, 2)):
        world = await started(*asked, shard=shard)
        assert world.changes.symbols == shard.of_these(asked)
        world.asked = (*asked, "N1-X", "N2-X", "N3-X")
        assert await world.look() == [new] if (new := shard.of_these(["N1-X", "N2-X", "N3-X"])) else []


async def test_a_process_to_which_nothing_falls_is_empty_and_one_that_begins_anew_is_not() -> None:
    asked = ("A-X", "B-X")
    of_first = next(shard for number in range(1, 5) if "A-X" in (shard := ProcessShard(4, number, 4)).of_these(asked))
    of_none = next(shard for number in range(1, 5) if not (shard := ProcessShard(4, number, 4)).of_these(asked))
    empty, full = await started(*asked, shard=of_none), await started(*asked, shard=of_first)
    assert (empty.changes.empty, empty.changes.idle, full.changes.empty, full.changes.idle) == (True, True, False, False)
    full.state = SourceState("v", True, None, 1, restarted_ns=7)
    assert await full.changes.next() is not None
    assert (full.changes.symbols, full.changes.empty) == (set(), False)  # its watermarks wait for the trades of in between
    empty.state = SourceState("v", False, None, 1)
    await empty.changes.next()
    assert (empty.changes.empty, empty.changes.idle) == (False, True)
