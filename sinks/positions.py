"""Where a store that keeps no positions of its own reads from: the consumer group's, as far as the log still holds them."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sinks.store import Place


class GroupLog(Protocol):
    """What such a store asks of the reader."""

    def committed(self, places: Sequence[Place]) -> dict[Place, int]: ...

    def limits(self, place: Place) -> tuple[int, int]: ...

    def commit(self, positions: Mapping[Place, int], *, wait: bool) -> None: ...


def group_positions(log: GroupLog, places: Sequence[Place]) -> dict[Place, int]:
    """The group's position of each place; the topic's first record where there is none, or where the topic no longer holds it, or does not hold it
    yet after it was made anew. So a record is rather read twice than never. Raises TransientError."""
    committed = log.committed(places)
    positions = {}
    for place in places:
        first, end = log.limits(place)
        position = committed.get(place, first)
        positions[place] = position if first <= position <= end else first
    return positions
