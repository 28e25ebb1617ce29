"""Calls wait at the gate, visibly; nothing fails but what has no patience."""

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY

from ingestors.limits import gate as gate_module
from ingestors.limits.away import StoreAway
from ingestors.limits.budget import Account, Budget, Limit, mark_of
from ingestors.limits.gate import Gate
from ingestors.limits.gates import Gates, account_of, budget_for, gate_of
from ingestors.limits.store import Answer, Asked
from runtime.clock import ManualClock
from runtime.errors import TransientError
from runtime.settings.limits import BudgetSettings
from tests.support import eventually_async

ACCOUNT = Account("test", "host")
TWO: Budget = (Limit(2, "minute"),)
SLOT = 10**9  # of a minute, at 10**18 ns


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "ASK_AGAIN_S", 0.01)


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"tickerplant_{name}", labels) or 0.0


async def test_a_call_waits_until_there_is_room_and_is_seen_waiting() -> None:
    clock = ManualClock(10**18)
    gate = Gate(ACCOUNT, TWO, clock)
    await gate.enter()
    await gate.enter()
    waiting = asyncio.create_task(gate.enter())
    await eventually_async(lambda: value("calls_waiting", provider="test") == 1)
    assert value("budget_used", provider="test", span="minute") == 2
    assert not waiting.done()
    clock.advance_s(62)
    assert await waiting >= 0
    assert value("calls_waiting", provider="test") == 0


async def test_without_patience_a_long_wait_is_told_at_once() -> None:
    gate = Gate(ACCOUNT, TWO, ManualClock(10**18))
    await gate.enter(2)
    with pytest.raises(TransientError, match="test wants no question for 6"):
        await gate.enter(1, patience_s=2.0)
    assert gate.used() == [2]


async def test_a_ban_holds_up_every_call_of_the_account() -> None:
    clock = ManualClock(10**18)
    gate = Gate(ACCOUNT, (), clock)
    await gate.ban(30)
    waiting = asyncio.create_task(gate.enter())
    await eventually_async(lambda: value("calls_waiting", provider="test") == 1)
    clock.advance_s(30)
    await waiting


class _Moody:
    """A store that is away when told."""

    def __init__(self) -> None:
        self.away = False
        self.asked: list[tuple[int, dict[tuple[int, int], int]]] = []
        self.known: list[dict[tuple[int, int], int]] = []
        self.taken = 0

    async def take(self, account: Account, budget: Budget, weight: int, unshared: Asked, known: Asked) -> Answer:
        if self.away:
            raise StoreAway
        self.asked.append((weight, dict(unshared)))
        self.known.append(dict(known))
        self.taken += weight + sum(unshared.values())
        return Answer(0.0, [{SLOT: self.taken}])

    async def ban(self, account: Account, wait_s: float) -> None:
        raise StoreAway


async def test_while_redis_is_away_the_process_counts_alone_and_tells_it_afterwards() -> None:
    clock, store = ManualClock(10**18), _Moody()
    gate = Gate(ACCOUNT, TWO, clock, store)  # type: ignore[arg-type]
    await gate.enter()
    assert value("limits_shared", provider="test") == 1
    store.away = True
    await gate.enter()
    assert value("limits_shared", provider="test") == 0
    with pytest.raises(TransientError):
        await gate.enter(patience_s=0)  # what was asked over Redis counts here too
    store.away = False
    await gate.enter()
    await gate.enter()
    [*_, (_, told), (_, nothing)] = store.asked
    assert (list(told.values()), nothing) == ([1], {})
    assert value("limits_shared", provider="test") == 1


async def test_what_others_asked_counts_while_redis_is_away_and_is_told_it_again() -> None:
    clock, store = ManualClock(10**18), _Moody()
    gate = Gate(ACCOUNT, (Limit(4, "minute"),), clock, store)  # type: ignore[arg-type]
    store.taken = 2  # by another process
    await gate.enter()
    store.away = True
    await gate.enter()
    with pytest.raises(TransientError):
        await gate.enter(patience_s=0)
    store.away = False
    await gate.enter()
    assert (store.asked[-1], store.known[-1]) == ((1, {(1, SLOT): 1}), {(1, SLOT): 3})
    clock.advance_s(70)
    await gate.enter()
    assert store.known[-1] == {}


async def test_a_ban_holds_here_also_while_redis_is_away() -> None:
    store = _Moody()
    gate = Gate(ACCOUNT, TWO, ManualClock(10**18), store)  # type: ignore[arg-type]
    await gate.ban(60)
    store.away = True
    with pytest.raises(TransientError):
        await gate.enter(patience_s=1)


async def test_a_ban_that_redis_never_heard_of_holds_when_it_is_back() -> None:
    store, clock = _Moody(), ManualClock(10**18)
    gate = Gate(ACCOUNT, TWO, clock, store)  # type: ignore[arg-type]
    await gate.ban(60)  # Redis is away for bans
    with pytest.raises(TransientError, match="wants no question for 60 s"):
        await gate.enter(patience_s=1)
    assert store.asked == []
    clock.advance_s(60)
    await gate.enter(patience_s=1)
    assert len(store.asked) == 1


def test_one_gate_an_account() -> None:
    gates = Gates(ManualClock(), {"binance": BudgetSettings(per_second=1)})
    one: Any = gates.of("binance", "https://host/path", "key")
    assert one is gates.of("binance", "https://user:secret@host", "key")
    assert one is not gates.of("binance", "https://host", "other key")
    assert one._budget == (Limit(1, "second"),)
    assert gate_of("binance", "https://host") is not gate_of("binance", "https://host")  # nobody shares: a test, a tool


def test_providers_that_are_asked_with_one_key_are_counted_together() -> None:
    gates = Gates(ManualClock(), {"tiingo": BudgetSettings(per_day=7)})
    stream, rest = (gates.of(name, "https://api.tiingo.com", "key") for name in ("tiingo-iex", "tiingo-rest"))
    assert stream._account == rest._account == Account("tiingo", "api.tiingo.com", mark_of("key"))
    assert stream._budget == rest._budget == budget_for("tiingo", {"tiingo": BudgetSettings(per_day=7)}) == (Limit(7, "day"),)
    assert account_of("binance") == "binance"
    assert budget_for("twelve-data", {}) != ()
