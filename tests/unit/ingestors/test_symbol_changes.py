"""What is asked for at run time: a symbol that the venue does not list, a venue that refuses the question."""

from typing import Any

from ingestors.names import Names
from ingestors.resume import Published
from ingestors.symbol_changes import SymbolChanges
from runtime.clock import ManualClock
from runtime.errors import UserError


class World:
    """Stands for the venue, its settings and the output."""

    section, source, trade_ids_contiguous = "v", "v", True
    symbols = ("A-X",)

    def __init__(self) -> None:
        self.calls, self.refuses = 0, False
        self.asked: tuple[str, ...] = ("A-X",)
        self.settings = self
        self.clock = ManualClock()
        world: Any = self
        self.changes = SymbolChanges(world, world, "v", Names(), self.clock)

    async def resolve(self, symbols: list[str]) -> dict[str, str]:
        self.calls += 1
        if self.refuses:
            raise UserError("refused: HTTP 404")
        return {symbol: symbol for symbol in symbols if not symbol.startswith("NO")}

    async def asked_symbols(self, source: str) -> tuple[str, ...]:
        return self.asked

    async def read_published(self, *_: Any) -> Published:
        return Published()

    async def look(self, times: int = 1) -> list[set[str]]:
        changes = [await self.changes.next() for _ in range(times)]
        return [change.new for change in changes if change]


async def started(*asked: str) -> World:
    world = World()
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
