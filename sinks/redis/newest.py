"""What this process wrote last, key by key: a Redis that was started without its memory is filled again at once, and cannot be given anything older."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from cache.guard import Write

_ENTRY_BYTES = 700  # of the objects around a write's texts


@dataclass(slots=True)
class _Value:
    """The newest write of every part of one key, all of one source. until_s: when the value is over, by the clock that `note` was told."""

    source: str
    parts: dict[str, Write] = field(default_factory=dict)
    until_s: float = 0.0


class Newest:
    """Bounded by bytes: the keys that were written longest ago are forgotten first. No I/O, no clock of its own."""

    def __init__(self, maximum_bytes: int) -> None:
        self._maximum_bytes = maximum_bytes
        self._values: OrderedDict[str, _Value] = OrderedDict()
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._values)

    def is_older(self, write: Write) -> bool:
        """True if this process has written a newer one of the same key and part."""
        value = self._values.get(write.key)
        known = None if value is None else value.parts.get(write.part)
        return known is not None and write.order < known.order

    def note(self, write: Write, now_s: float) -> None:
        """The server took it."""
        value = self._values.get(write.key)
        if value is None or value.source != write.source:
            self._drop(write.key)
            value = self._values[write.key] = _Value(write.source)
        self.bytes += _size(write) - (_size(value.parts[write.part]) if write.part in value.parts else 0)
        value.parts[write.part] = write
        value.until_s = now_s + write.lifetime_s
        self._values.move_to_end(write.key)
        while self.bytes > self._maximum_bytes:
            self._drop(next(iter(self._values)))

    def forget(self, keys: Iterable[str]) -> None:
        """Another process has written something newer there."""
        for key in keys:
            self._drop(key)

    def _drop(self, key: str) -> None:
        if value := self._values.pop(key, None):
            self.bytes -= sum(map(_size, value.parts.values()))

    def alive(self, now_s: float) -> Iterator[Write]:
        """Every part of every value that is not over yet, to live as long as it would have."""
        for value in self._values.values():
            if (left_s := int(value.until_s - now_s)) > 0:
                yield from (write._replace(lifetime_s=left_s) for write in value.parts.values())


def _size(write: Write) -> int:
    return _ENTRY_BYTES + len(write.head) + len(write.body)
