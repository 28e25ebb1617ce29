"""The one way to a provider: a call waits here until the budget of its account has room and no ban holds, whichever process used or caused it."""

import asyncio
import random
from collections import Counter
from math import floor
from typing import TYPE_CHECKING

from ingestors.limits.away import StoreAway
from ingestors.limits.budget import SLOTS, Account, Budget, in_words
from ingestors.limits.windows import Windows
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import TransientError
from runtime.logs import get_logger
from runtime.settings.limits import MAX_ANSWER_BYTES

if TYPE_CHECKING:
    from ingestors.limits.store import Store

ASK_AGAIN_S = 5.0  # so often is a long wait looked at again: the account may have been given more meanwhile
_TELL_S = 1.0  # a longer wait is worth a line
_JITTER = 0.1  # of a wait, so that processes do not all come back at once
logger = get_logger()


class Gate:
    """One account. store: None where this process is alone. max_answer_bytes: what is let in of one answer."""

    def __init__(
        self, account: Account, budget: Budget, clock: Clock, store: "Store | None" = None, max_answer_bytes: int = MAX_ANSWER_BYTES
    ) -> None:
        self.max_answer_bytes = max_answer_bytes
        self._account = account
        self._budget = budget
        self._clock = clock
        self._store = store
        self._windows = Windows(budget)
        self._unshared: Counter[tuple[int, int]] = Counter()
        self._random = random.Random()  # noqa: S311 (jitter, not a secret)
        provider = account.provider
        self._calls = metrics.CALLS.labels(provider)
        self._waiting = metrics.CALLS_WAITING.labels(provider)
        self._wait_seconds = metrics.CALL_WAIT_SECONDS.labels(provider)
        self._shared = metrics.LIMITS_SHARED.labels(provider)
        self._used = [metrics.BUDGET_USED.labels(provider, limit.span) for limit in budget]
        for limit in budget:
            metrics.BUDGET.labels(provider, limit.span).set(limit.weight)

    async def enter(self, weight: int = 1, patience_s: float | None = None) -> float:
        """Seconds that the call waited. Raises TransientError where it would wait for longer than patience_s; None: it waits for as long as it takes."""
        started_s, told = asyncio.get_running_loop().time(), False
        while wait_s := await self._take(weight):
            waited_s = asyncio.get_running_loop().time() - started_s
            if patience_s is not None and waited_s + wait_s > patience_s:
                raise TransientError(f"{self._account.provider} wants no question for {wait_s:.0f} s")
            if wait_s > _TELL_S and not told:
                told = True
                logger.info("call_waits", provider=self._account.provider, wait_s=round(wait_s, 1), budget=in_words(self._budget))
            with self._waiting.track_inprogress():
                await asyncio.sleep(min(wait_s, ASK_AGAIN_S) * (1 + _JITTER * self._random.random()))
        waited_s = asyncio.get_running_loop().time() - started_s
        self._calls.inc()
        self._wait_seconds.observe(waited_s)
        return waited_s

    async def ban(self, wait_s: float) -> None:
        """The provider said that it wants no question for so long; the other processes of the account are told."""
        if wait_s <= 0:
            return
        metrics.BANS.labels(self._account.provider).inc()
        self._windows.ban(wait_s, self._now_s())
        if self._store is not None:
            try:
                await self._store.ban(self._account, wait_s)
            except StoreAway:
                self._shared.set(0)

    def used(self) -> list[int]:
        """By limit of the budget, as far as this process knows."""
        return self._windows.used(self._now_s())

    async def _take(self, weight: int) -> float:
        """0: taken; else seconds to wait."""
        if self._store is None:
            return self._take_alone(weight)
        if banned_s := self._windows.banned_s(self._now_s()):  # also one that Redis never heard of, because it was away
            return banned_s
        unshared, self._unshared = self._live_unshared(), Counter()  # another call that waits for Redis must not tell it too
        known = Counter(self._windows.known(self._now_s())) - unshared
        try:
            answer = await self._store.take(self._account, self._budget, weight, unshared, known)
        except StoreAway:
            self._unshared += unshared
            return self._take_alone(weight, keep=True)
        self._shared.set(1)
        self._windows.learn(answer.asked)
        self._tell([sum(slots.values()) for slots in answer.asked])
        return answer.wait_s

    def _take_alone(self, weight: int, keep: bool = False) -> float:
        """keep: for Redis, when it is back."""
        now_s = self._now_s()
        wait_s = self._windows.take(weight, now_s)
        if keep and not wait_s:
            for number, limit in enumerate(self._budget, 1):
                self._unshared[number, floor(now_s / limit.slot_s)] += weight
        self._shared.set(0)
        self._tell(self._windows.used(now_s))
        return wait_s

    def _live_unshared(self) -> Counter[tuple[int, int]]:
        now_s = self._now_s()
        oldest = {number: floor(now_s / limit.slot_s) - SLOTS for number, limit in enumerate(self._budget, 1)}
        return Counter({key: weight for key, weight in self._unshared.items() if key[1] >= oldest[key[0]]})

    def _tell(self, used: list[int]) -> None:
        for gauge, weight in zip(self._used, used, strict=True):
            gauge.set(weight)

    def _now_s(self) -> float:
        return self._clock.now_ns() / 1e9
