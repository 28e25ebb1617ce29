"""Differences of one symbol that wait for the snapshot of its book. Pure."""

from collections import deque
from collections.abc import Iterator

import msgspec

from schemas.books import BookDifference

_MOST = 1_000  # at ten a second more than any fetch takes
_MOST_BYTES = 256 * 1024  # so that a hundred symbols can wait
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(BookDifference).decode


class WaitingDifferences:
    """Kept as bytes, since objects would take six times as much. Beyond the bounds the oldest ones go: a snapshot that is older than the first one that
    is left does not fit, and another is asked for."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, bytes]] = deque()  # (first update id, difference)
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def first_update_id(self) -> int:
        """Of the oldest one; there must be one."""
        return self._kept[0][0]

    def append(self, difference: BookDifference) -> None:
        encoded = _encode(difference)
        self._kept.append((difference.first_update_id, encoded))
        self.size_bytes += len(encoded)
        while len(self._kept) > _MOST or (self.size_bytes > _MOST_BYTES and len(self._kept) > 1):
            self.size_bytes -= len(self._kept.popleft()[1])

    def clear(self) -> None:
        self._kept.clear()
        self.size_bytes = 0

    def __iter__(self) -> Iterator[BookDifference]:
        """The oldest first."""
        return (_decode(encoded) for _, encoded in self._kept)
