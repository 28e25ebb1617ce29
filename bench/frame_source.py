"""Binance's frames of the combined stream, ready for a socket, made for almost nothing: what feeds an ingestor must not take the cores from it.

A block is a few symbols' messages as the recording has them, a trade to four quotes, framed once with gaps where numbers and times belong. Numbers of a
symbol's trades have no holes and those of its quotes rise, so the ingestor finds nothing to fetch.
"""

import random
from collections.abc import Sequence
from itertools import count

from bench.tick_source import symbols_of
from ingestors.exchange_server.session import text_frame

STREAMS = ("trade", "bookTicker")
_NUMBER, _TIME_MS = 111_111_111, 1_234_567_890_123  # as long as what takes their place: a frame's length stands before it
_FIRST_NUMBER = 200_000_000
_STEPS = ("quote", "quote", "trade", "quote", "quote")
_GROUP = 4  # symbols of a block
_VARIANTS = 16  # prices of a block, drawn before
_SPREAD = 0.0005  # of the price


def symbols(number: int, partitions: int) -> list[str]:
    """Canonical ones, those of one block in different partitions as far as there are."""
    ordered = symbols_of(number, partitions, "I")
    each = -(-number // partitions)
    return [ordered[at] for first in range(each) for at in range(first, number, each)]


def venue_name(symbol: str) -> str:
    return symbol.replace("-", "")


class FrameSource:
    """The blocks of all symbols in turn, without end. messages: of the block that comes next."""

    def __init__(self, names: Sequence[str]) -> None:
        self._groups = [_Group(names[at : at + _GROUP]) for at in range(0, len(names), _GROUP)]
        self._next = 0

    @property
    def messages(self) -> int:
        return self._groups[self._next].messages

    def block(self, ts_ms: int) -> bytes:
        """The next block's WebSocket frames, all trades at this time."""
        group = self._groups[self._next]
        self._next = (self._next + 1) % len(self._groups)
        return group.frames(ts_ms)


class _Group:
    def __init__(self, names: Sequence[str]) -> None:
        draw = random.Random(names[0])
        self._variants = [b"".join(text_frame(payload) for payload in _payloads(names, draw)) for _ in range(_VARIANTS)]
        self._numbers = count(_FIRST_NUMBER)
        self.messages = len(names) * len(_STEPS)

    def frames(self, ts_ms: int) -> bytes:
        number = next(self._numbers)
        return self._variants[number % _VARIANTS].replace(b"%d" % _NUMBER, b"%d" % number).replace(b"%d" % _TIME_MS, b"%d" % ts_ms)


def _payloads(names: Sequence[str], draw: random.Random) -> list[bytes]:
    return [
        (_trade(venue_name(name), draw) if kind == "trade" else _quote(venue_name(name), step, draw)).encode()
        for step, kind in enumerate(_STEPS)
        for name in names
    ]


def _trade(name: str, draw: random.Random) -> str:
    price, size = 60_000 * (1 + draw.uniform(-_SPREAD, _SPREAD)), draw.uniform(0.001, 2)
    maker = draw.choice(("true", "false"))
    data = f'"e":"trade","E":{_TIME_MS},"s":"{name}","t":{_NUMBER},"p":"{price:.2f}000000","q":"{size:.5f}000","T":{_TIME_MS},"m":{maker},"M":true'
    return f'{{"stream":"{name.lower()}@trade","data":{{{data}}}}}'


def _quote(name: str, step: int, draw: random.Random) -> str:
    bid = 60_000 * (1 + draw.uniform(-_SPREAD, _SPREAD))
    sizes = [f"{draw.uniform(0.001, 9):.5f}000" for _ in range(2)]
    prices = f'"b":"{bid:.2f}000000","B":"{sizes[0]}","a":"{bid + 0.01:.2f}000000","A":"{sizes[1]}"'
    return f'{{"stream":"{name.lower()}@bookTicker","data":{{"u":{_NUMBER}{step},"s":"{name}",{prices}}}}}'
