"""How much the reader hands to the event loop at once: so little that sockets get their turn, so much that the handing over does not cost more than the records. Pure."""

from collections.abc import Callable, Iterable, Iterator

from runtime.stage import InputRecord
from schemas.topics import Topic

SLICE_BYTES = 65_536
_UNWANTED_SHARE = 8  # of what nobody subscribed to nothing is decoded: so many times as much of it is as quick


def slices(records: Iterable[InputRecord], is_wanted: Callable[[Topic], bool]) -> Iterator[list[InputRecord]]:
    """Lists of the records in their order, each closed when it holds SLICE_BYTES of topics that somebody wants something of."""
    current: list[InputRecord] = []
    size = 0
    for record in records:
        current.append(record)
        size += len(record.value) if is_wanted(record.topic) else len(record.value) // _UNWANTED_SHARE
        if size >= SLICE_BYTES:
            yield current
            current, size = [], 0
    if current:
        yield current
