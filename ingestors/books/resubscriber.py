"""Asks anew for books that broke, where a venue sends whole ones only after a subscription, beside the feed, until it is cancelled."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from ingestors.books.desk import BookDesk
from runtime.clock import Clock

log = structlog.get_logger()

_LOOK_S = 0.25
_COMES_S = 10.0  # a snapshot that comes by itself, or was asked for, is waited for so long
_LONGEST_S = 60.0  # between two questions for a book that breaks again and again; one that held for longer is asked for at once


@dataclass(slots=True)
class _Asked:
    """Of one symbol. due_s: when it is to be asked for, None: it has a book; comes: until then one is on its way by itself; last_s: when it was asked for;
    pause_s: how long nothing is asked after that."""

    due_s: float | None = None
    comes: bool = False
    last_s: float = 0.0
    pause_s: float = 0.0


class BookResubscriber:
    """ask(symbol): says so on the symbol's connection; False: not now."""

    def __init__(self, desk: BookDesk, ask: Callable[[str], bool], clock: Clock) -> None:
        self._desk = desk
        self._ask = ask
        self._clock = clock
        self._asked: dict[str, _Asked] = {}

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Asks for what is due."""
        now_s = self._clock.monotonic_s()
        wanted = self._desk.to_resubscribe()
        for symbol, at_once in wanted.items():
            asked = self._asked.setdefault(symbol, _Asked(last_s=now_s - _LONGEST_S))
            if asked.due_s is None or (at_once and asked.comes):
                asked.due_s, asked.comes = (self._first_s(asked, now_s), False) if at_once else (now_s + _COMES_S, True)
            if now_s >= asked.due_s and self._ask(symbol):
                log.info("book_asked_again", symbol=symbol)
                asked.pause_s = min(_LONGEST_S, max(1.0, 2 * asked.pause_s))
                asked.last_s, asked.due_s = now_s, now_s + max(_COMES_S, asked.pause_s)
        for symbol in self._asked.keys() - wanted.keys():
            self._asked[symbol].due_s = None

    @staticmethod
    def _first_s(asked: _Asked, now_s: float) -> float:
        """When to ask for a book that has just broken: the sooner it broke after the last time, the later."""
        if now_s - asked.last_s >= _LONGEST_S:
            asked.pause_s = 0.0
        return max(now_s, asked.last_s + asked.pause_s)
