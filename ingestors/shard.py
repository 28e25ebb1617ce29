"""A lane and what keeps it alive; how symbols are spread over several."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ingestors.connector import Connector
from ingestors.lane import Lane


@dataclass(slots=True, eq=False)
class Shard:
    """task: the connector's."""

    lane: Lane
    connector: Connector
    task: "asyncio.Future[None]"


def shards_of(symbols: Sequence[str], most: int) -> list[list[str]]:
    """As few groups as hold at most `most` symbols, of equal size but for one."""
    number = max(1, -(-len(symbols) // most))
    return [list(symbols[start::number]) for start in range(number)]


def groups_of(symbols: Iterable[str], group_of: Callable[[str], str]) -> dict[str, list[str]]:
    """The symbols of each group, in their order."""
    groups: dict[str, list[str]] = {}
    for symbol in symbols:
        groups.setdefault(group_of(symbol), []).append(symbol)
    return groups
