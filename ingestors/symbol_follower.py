"""Symbols that are added and removed at run time: looked for beside the ingestor's work, changed between two turns of it."""

import asyncio
from collections.abc import Callable

import structlog

from ingestors.feed import Feed
from ingestors.lanes import Lanes
from ingestors.publisher import EventPublisher
from ingestors.symbol_changes import Change, SymbolChanges

log = structlog.get_logger()

FOLLOW_S = 1.0


class SymbolFollower:
    """make: carries a change out, which waits while is_busy. The source's priority is followed too: the publisher's watermarks and offers say it."""

    def __init__(
        self, changes: SymbolChanges, publisher: EventPublisher, make: Callable[[Change], None], is_busy: Callable[[], bool] = lambda: False
    ) -> None:
        self._changes = changes
        self._publisher = publisher
        self._make = make
        self._is_busy = is_busy
        self._change: Change | None = None

    async def run(self) -> None:
        """Until it is cancelled. One change is kept until it is made."""
        while True:
            await asyncio.sleep(FOLLOW_S)
            if self._change is None:
                self._change = await self._changes.next()
            self._publisher.priority = self._changes.priority

    def make_change(self) -> None:
        """If there is one and it can be made now."""
        if self._change and not self._is_busy():
            change, self._change = self._change, None
            self._make(change)
            log.info("symbols_changed", added=sorted(change.new), removed=sorted(change.gone))


def change_connections(lanes: Lanes, feed: Feed, change: Change) -> None:
    """Of a streaming source. Not while one is being replaced."""
    feed.add(change.new, change.published)
    lanes.add(change.new)
    feed.carry(shard.lane for shard in lanes if not shard.lane.standby)
    feed.drop(lanes.remove(change.gone))
    feed.forget(change.gone)
