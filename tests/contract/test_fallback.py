"""Requests that go from one provider to the next: the real clients of Yahoo and FMP at servers that speak their interfaces."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ingestors import rest
from ingestors.bar_history import BarHistory, BarPage
from ingestors.breaker import BreakerChange, Rules
from ingestors.fallback import CHAIN, Fallback, NoAnswer, fallback_of
from ingestors.limits import gate, gates
from ingestors.limits.gates import Gates
from ingestors.registry import PROVIDERS
from runtime.clock import ManualClock
from runtime.settings import load_settings
from runtime.settings.limits import BudgetSettings
from schemas.bars import ProviderBar
from schemas.timeframes import DAY_NS, Timeframe
from tests.poll_server import START_NS, PollServer, poll_server
from tests.polled.fmp import Fmp
from tests.polled.yahoo import Yahoo

SPAN = (START_NS - 4 * DAY_NS, START_NS)


class Memory:
    """Kept answers, without Redis."""

    def __init__(self) -> None:
        self.kept: dict[tuple[Any, ...], tuple[str, list[ProviderBar]]] = {}

    async def get(self, *asked: Any) -> tuple[str, list[ProviderBar]] | None:
        return self.kept.get(asked)

    async def put(self, provider: str, *rest_: Any) -> None:
        *asked, bars = rest_
        self.kept[tuple(asked)] = provider, bars


@dataclass
class World:
    yahoo: PollServer
    fmp: PollServer
    clock: ManualClock
    chain: Fallback
    memory: Memory
    changes: list[BreakerChange] = field(default_factory=list)

    async def bars(self) -> Any:
        return await self.chain.bars("AAPL", Timeframe.M15, *SPAN)


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(rest, "_SAID_NO_S", 0.001)
    monkeypatch.setattr(rest, "_ATTEMPTS", 1)
    monkeypatch.setattr(gate, "ASK_AGAIN_S", 0.01)
    clock, memory, changes = ManualClock(START_NS), Memory(), list[BreakerChange]()
    monkeypatch.setattr(gates, "_of_process", Gates(clock, {"yahoo": BudgetSettings(), "fmp": BudgetSettings()}))
    async with poll_server(Yahoo(), clock) as (yahoo, yahoo_url), poll_server(Fmp(), clock) as (fmp, fmp_url):
        settings = load_settings(providers={"yahoo": {"rest_url": yahoo_url}, "fmp": {"rest_url": fmp_url, **Fmp.section}})
        built = fallback_of(settings, clock, memory)
        chain = Fallback(built._providers, clock, memory, rules=Rules(5, 60.0), on_change=changes.append)
        yield World(yahoo, fmp, clock, chain, memory, changes)
        await chain.close()


def test_the_chain_is_of_providers_that_there_are() -> None:
    assert set(CHAIN) <= PROVIDERS.keys()
    assert CHAIN[0] == "yahoo"


async def test_the_first_that_answers_is_taken_and_the_others_are_not_asked(world: World) -> None:
    answer = await world.bars()
    assert (answer.provider, answer.cached, answer.passed_over) == ("yahoo", False, ())
    assert len(answer.bars) > 20
    assert all(bar.source == "yahoo" for bar in answer.bars)
    assert world.fmp.calls == []
    price = await world.chain.price("AAPL")
    assert price.provider == "yahoo"
    assert float(price.price) > 0


async def test_a_provider_that_fails_is_passed_over_and_after_five_times_not_asked_for_a_minute(world: World) -> None:
    world.yahoo.instead = (503, b"")
    for _ in range(5):
        answer = await world.bars()
        assert answer.provider == "fmp"
        assert [one.provider for one in answer.passed_over] == ["yahoo"]
    asked = len(world.yahoo.calls)
    answer = await world.bars()
    assert len(world.yahoo.calls) == asked
    assert "not asked, it failed too often; again in 60 s" in answer.passed_over[0].why
    assert REGISTRY.get_sample_value("tickerplant_breaker_state", {"source": "yahoo"}) == 2
    world.clock.advance_s(60)
    assert (await world.bars()).provider == "fmp"  # the one call that was let through failed too
    assert len(world.yahoo.calls) > asked
    world.yahoo.instead = None
    world.clock.advance_s(60)
    assert (await world.bars()).provider == "yahoo"
    assert [one.state for one in world.changes] == ["open", "half_open", "open", "half_open", "closed"]


async def test_without_anybody_the_kept_answer_is_given_and_without_one_each_reason_is_told(world: World) -> None:
    before = await world.bars()
    world.yahoo.instead = world.fmp.instead = (503, b"")
    kept = await world.bars()
    assert (kept.provider, kept.cached, kept.bars) == ("yahoo", True, before.bars)
    assert [one.provider for one in kept.passed_over] == list(CHAIN)
    world.memory.kept.clear()
    with pytest.raises(NoAnswer, match="no 15m bars of AAPL: yahoo: ") as caught:
        await world.bars()
    assert [one.provider for one in caught.value.attempts] == [*CHAIN, "cache"]
    assert "providers.alpha_vantage.api_key" in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_symbol_that_a_provider_does_not_have_is_no_failure_of_it(world: World) -> None:
    for _ in range(6):
        with pytest.raises(NoAnswer):
            await world.chain.bars("ZZZZ", Timeframe.M15, *SPAN)
    assert world.chain.breakers["yahoo"].state == "closed"


class Silent(BarHistory):
    """Is asked, and never says anything."""

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return {}

    async def bars(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> BarPage:
        await asyncio.Event().wait()
        raise AssertionError


async def test_who_does_not_answer_in_time_is_passed_over(world: World) -> None:
    chain = Fallback({"silent": Silent(), "yahoo": world.chain._providers["yahoo"]}, world.clock, timeout_s=2.0)
    answer = await chain.bars("AAPL", Timeframe.M15, *SPAN)
    assert (answer.provider, answer.passed_over[0].why) == ("yahoo", "no answer within 2 s")
