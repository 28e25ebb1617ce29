"""Removing all values of a symbol, also those that a Redis holds which is away."""

import threading
from collections.abc import Sequence
from typing import Any

from cache.keys import index_key, keys_of_symbol, mark_key
from cache.remote import Remote
from cache.shelf import Shelf
from runtime.clock import Clock
from runtime.errors import UserError

MAXIMUM_WAITING = 10_000  # symbols
MARK_LIFETIME_S = 604_800  # as long as any value may live


class Invalidation:
    """Thread-safe."""

    def __init__(self, remote: Remote, shelf: Shelf, clock: Clock) -> None:
        self._remote = remote
        self._shelf = shelf
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[str, int] = {}  # symbol to the time of its invalidation

    def invalidate(self, symbol: str) -> int:
        """Values removed from Redis, 0 while it is away. Raises UserError if too many wait for it."""
        now_ns = self._clock.now_ns()
        self._shelf.drop_symbol(symbol, now_ns)
        if (removed := self._remove(symbol, now_ns)) is None:
            self._wait(symbol, now_ns)
        return removed or 0

    def _remove(self, symbol: str, at_ns: int) -> int | None:
        index = index_key(symbol)
        members = self._remote.ask(lambda pipeline: pipeline.smembers(index))
        if members is None:
            return None
        keys = [*keys_of_symbol(symbol), *members[0]]
        answers = self._remote.ask(lambda pipeline: _unlink(pipeline, keys, index, mark_key(symbol), at_ns))
        return None if answers is None else sum(answers[: len(keys)])

    def _wait(self, symbol: str, at_ns: int) -> None:
        with self._lock:
            if len(self._waiting) >= MAXIMUM_WAITING:
                raise UserError(f"Redis is away and {MAXIMUM_WAITING:,} symbols wait to be invalidated; start it again first")
            self._waiting[symbol] = at_ns

    def catch_up(self) -> None:
        """Redis is back: what was invalidated meanwhile goes there, and here what others have invalidated."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for symbol, at_ns in waiting.items():
            if self._remove(symbol, at_ns) is None:
                self._wait(symbol, at_ns)
        symbols = sorted({held.symbol for _, held in self._shelf.of_earlier_lives(self._remote.life) if held.symbol})
        marks = self._remote.ask(lambda pipeline: [pipeline.get(mark_key(symbol)) for symbol in symbols]) if symbols else []
        for symbol, mark in zip(symbols, marks or [None] * len(symbols), strict=True):
            if mark is not None:
                self._shelf.drop_symbol(symbol, int(mark))


def _unlink(pipeline: Any, keys: Sequence[str], index: str, mark: str, at_ns: int) -> None:
    for key in [*keys, index]:
        pipeline.unlink(key)
    pipeline.set(mark, at_ns, ex=MARK_LIFETIME_S)
