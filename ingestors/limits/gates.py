"""All gates of a process: one an account, however many clients ask over it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingestors.limits.budget import Account, Budget, budget_of, mark_of
from ingestors.limits.gate import Gate
from ingestors.registry import PROVIDERS
from runtime.addresses import redis_address
from runtime.clock import Clock, SystemClock
from runtime.settings import Settings
from runtime.settings.limits import MAX_ANSWER_BYTES, BudgetSettings

if TYPE_CHECKING:
    from ingestors.limits.store import Store


class Gates:
    """budgets: what the settings say, by provider. store: None where this process is alone. max_answer_bytes: what is let in of one answer."""

    def __init__(
        self,
        clock: Clock,
        budgets: Mapping[str, BudgetSettings] | None = None,
        store: "Store | None" = None,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._max_answer_bytes = max_answer_bytes
        self._clock = clock
        self._budgets = budgets or {}
        self._store = store
        self._gates: dict[tuple[str, Account], Gate] = {}

    def of(self, provider: str, base_url: str, key: str = "") -> Gate:
        """The gate to a provider. key: the one that it is asked with."""
        account = Account(account_of(provider), urlsplit(base_url).netloc.rpartition("@")[2], mark_of(key))
        if (provider, account) not in self._gates:
            self._gates[provider, account] = Gate(
                account, budget_for(provider, self._budgets), self._clock, self._store, self._max_answer_bytes
            )
        return self._gates[provider, account]


_of_process: Gates | None = None


def gate_of(provider: str, base_url: str, key: str = "") -> Gate:
    """The process' gate; one that nobody shares where the process shares none (a tool, a test)."""
    return (_of_process or Gates(SystemClock())).of(provider, base_url, key)


def account_of(provider: str) -> str:
    """Under which name its calls are counted."""
    return (PROVIDERS[provider].account if provider in PROVIDERS else "") or provider


def budget_for(provider: str, told: Mapping[str, BudgetSettings]) -> Budget:
    """The budget that holds for a provider, or for an account that several have."""
    one = PROVIDERS.get(provider) or next((one for one in PROVIDERS.values() if one.account == provider), None)
    known = one.budget if one else ()
    return budget_of(known, told.get(provider) or told.get(account_of(provider)))


@asynccontextmanager
async def shared_gates(settings: Settings, clock: Clock) -> AsyncIterator[Gates]:
    """Within it all clients of this process share their budgets with the other processes, where an address of Redis is known. One at a time."""
    global _of_process
    url, store = redis_address(settings), None
    if url is not None:
        from ingestors.limits.store import Store  # not for those who run without: memory, and time at the start

        store = Store(url, settings.redis, clock)
    _of_process = Gates(clock, settings.limits.budgets, store, settings.limits.max_answer_bytes)
    try:
        yield _of_process
    finally:
        _of_process = None
        if store is not None:
            await store.close()
