"""Ticks as encoded envelopes, made for almost nothing: what feeds a measurement must not take the cores from what is measured.

The symbols of a partition stand in groups; a segment is one trade of each symbol of a group, encoded once with a gap where the trade's number and time
belong. An envelope is one segment or several, so its ticks have consecutive numbers a symbol and pass validation without a mark.
"""

import random
from collections.abc import Sequence
from itertools import count, zip_longest
from typing import NamedTuple

from schemas.codec import encode
from schemas.partitioner import partition_of
from schemas.ticks import Trade, Watermark

_ID, _TIME_NS = 111_111_111, 1_234_567_890_123_456_789
_VARIANTS = 16  # prices of a segment, drawn before
_SPREAD = 0.0005  # of the price, so that no move is an anomaly


class Segment(NamedTuple):
    """One trade of each symbol of a group, as JSON without brackets."""

    partition: int
    symbols: bytes
    trades: int
    ticks: bytes


class TickSource:
    """The segments of all groups in turn, without end. group: symbols of a segment, at most."""

    def __init__(self, name: str, symbols: Sequence[str], partitions: int, group: int) -> None:
        self.name = name
        self.partitions = partitions
        cuts = [_cut(members, group) for members in _shared_out(symbols, partitions)]
        turns = zip_longest(*([_Group(partition, members) for members in cut] for partition, cut in enumerate(cuts)))
        self._groups: list[_Group] = [one for turn in turns for one in turn if one]
        self._next = 0

    @property
    def groups(self) -> int:
        """After so many segments every symbol has traded once more."""
        return len(self._groups)

    def segment(self, ts_event_ns: int) -> Segment:
        """The next group's trades, all at this time."""
        group = self._groups[self._next]
        self._next = (self._next + 1) % len(self._groups)
        return group.trades(ts_event_ns)

    def envelope(self, segments: Sequence[Segment], received_ns: int) -> bytes:
        """Of segments of one partition."""
        ticks = b",".join(one.ticks for one in segments)
        head = b'{"type":"ticks","source":"%b","ts_receive_ns":%d,"ticks":[' % (self.name.encode(), received_ns)
        return head + ticks + b'],"trade_ids_contiguous":true}'

    def watermark(self, partition: int, ts_event_ns: int, received_ns: int) -> bytes:
        return encode(Watermark(self.name, partition, ts_event_ns, ts_event_ns, received_ns))


class _Group:
    def __init__(self, partition: int, symbols: Sequence[str]) -> None:
        self.partition = partition
        self._symbols = ",".join(sorted(symbols)).encode()
        draw = random.Random(f"{partition}{symbols[0]}")
        self._variants = [_template(symbols, draw) for _ in range(_VARIANTS)]
        self._count = len(symbols)
        self._numbers = count(1)

    def trades(self, ts_event_ns: int) -> Segment:
        number = next(self._numbers)
        text = self._variants[number % _VARIANTS].replace(b"%d" % _ID, b"%d" % number).replace(b"%d" % _TIME_NS, b"%d" % ts_event_ns)
        return Segment(self.partition, self._symbols, self._count, text)


def _template(symbols: Sequence[str], draw: random.Random) -> bytes:
    return b",".join(encode(_trade(symbol, 100 * (1 + draw.uniform(-_SPREAD, _SPREAD)), draw)) for symbol in symbols)


def _trade(symbol: str, price: float, draw: random.Random) -> Trade:
    return Trade(symbol, f"{price:.2f}", f"{draw.uniform(0.5, 2):.5f}", _TIME_NS, _TIME_NS, _ID, draw.choice(("buy", "sell")))


def symbols_of(number: int, partitions: int, prefix: str) -> list[str]:
    """So many symbols, as many in one partition as in another."""
    found: list[list[str]] = [[] for _ in range(partitions)]
    each = -(-number // partitions)
    for index in count():
        if min(map(len, found)) >= each:
            return [name for members in found for name in members][:number]
        name = f"{prefix}{index}-USD"
        members = found[partition_of(name, partitions)]
        if len(members) < each:
            members.append(name)
    raise AssertionError("count has no end")


def _shared_out(symbols: Sequence[str], partitions: int) -> list[list[str]]:
    members: list[list[str]] = [[] for _ in range(partitions)]
    for symbol in symbols:
        members[partition_of(symbol, partitions)].append(symbol)
    return members


def _cut(symbols: Sequence[str], size: int) -> list[Sequence[str]]:
    return [symbols[begin : begin + size] for begin in range(0, len(symbols), size)]
