"""Symbols that are added and removed at run time: looked for beside the moving of frames, made between two turns of it."""

import asyncio

import structlog

from ingestors.feed import Feed
from ingestors.lanes import Lanes
from ingestors.publisher import EventPublisher
from ingestors.symbol_changes import Change, SymbolChanges

log = structlog.get_logger()

_FOLLOW_S = 1.0


class SymbolFollower:
    """The source's priority is followed too: the publisher's watermarks say it."""

    def __init__(self, changes: SymbolChanges, lanes: Lanes, feed: Feed, publisher: EventPublisher) -> None:
        self._changes = changes
        self._lanes = lanes
        self._feed = feed
        self._publisher = publisher
        self._change: Change | None = None

    async def run(self) -> None:
        """Until it is cancelled. One change is kept until it is made."""
        while True:
            await asyncio.sleep(_FOLLOW_S)
            if self._change is None:
                self._change = await self._changes.next()
            self._publisher.priority = self._changes.priority

    def make_change(self) -> None:
        """If there is one and no connection is being replaced."""
        if self._change and not self._lanes.changing():
            change, self._change = self._change, None
            self._make(change)

    def _make(self, change: Change) -> None:
        lanes, feed = self._lanes, self._feed
        feed.add(change.new, change.published)
        lanes.add(change.new)
        feed.carry(shard.lane for shard in lanes if not shard.lane.standby)
        feed.drop(lanes.remove(change.gone))
        feed.forget(change.gone)
        log.info("symbols_changed", added=sorted(change.new), removed=sorted(change.gone))
