"""The latest of everything in Redis, for services: typed reads and writes, guarded by event time, that go on from memory while Redis is away."""

from cache.client import Cache
from cache.entry import Entry
from cache.kinds import KINDS, Kind
from cache.streams import Message

__all__ = ["KINDS", "Cache", "Entry", "Kind", "Message"]
