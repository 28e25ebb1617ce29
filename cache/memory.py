"""What a process remembers of what it read and wrote: bounded by entries and bytes, the longest unused goes first. No I/O, no clock of its own."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from cache.kinds import Kind

_ENTRY_BYTES = 400  # of the objects around a value


@dataclass(slots=True)
class Held:
    """until_s: when its lifetime ends. known_at_ns: when it was read or written. life: the server's life in which Redis had it.

    waiting: written while Redis was away, and not there yet.
    """

    kind: Kind
    symbol: str
    packed: bytes
    ts_event_ns: int
    until_s: float
    known_at_ns: int
    life: int = 0
    waiting: bool = False

    @property
    def bytes(self) -> int:
        return _ENTRY_BYTES + len(self.packed)


class Memory:
    """Not thread-safe. evicted: entries that made room for others."""

    def __init__(self, maximum_entries: int, maximum_bytes: int) -> None:
        self._maximum_entries = maximum_entries
        self._maximum_bytes = maximum_bytes
        self._held: OrderedDict[str, Held] = OrderedDict()
        self.bytes = 0
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: str) -> Held | None:
        """It counts as used."""
        if (held := self._held.get(key)) is not None:
            self._held.move_to_end(key)
        return held

    def put(self, key: str, held: Held) -> None:
        """An entry that is larger than all room is not kept, nor is what stood under its key."""
        self.drop(key)
        self._held[key] = held
        self.bytes += held.bytes
        while len(self._held) > self._maximum_entries or self.bytes > self._maximum_bytes:
            self.drop(next(iter(self._held)))
            self.evicted += 1

    def drop(self, key: str) -> None:
        if held := self._held.pop(key, None):
            self.bytes -= held.bytes

    def drop_symbol(self, symbol: str, known_until_ns: int) -> None:
        """What was known by then."""
        for key in [key for key, held in self._held.items() if held.symbol == symbol and held.known_at_ns <= known_until_ns]:
            self.drop(key)

    def alive(self, now_s: float) -> Iterator[tuple[str, Held]]:
        """Whose lifetime has not ended, the longest unused first."""
        return ((key, held) for key, held in list(self._held.items()) if held.until_s > now_s)
