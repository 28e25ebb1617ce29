"""Redis streams: the last events of a symbol in the order of the log, for readers that were away for a short while."""

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from cache.guard import MINIMUM_GUARD_LIFETIME_S
from cache.keys import guard_key

LIFETIME_S = 86_400  # after the last event: a symbol that went away takes no memory for ever

# KEYS: the stream, its guard (a hash). ARGV: 1 epoch, 2 length, 3 lifetime, 4 of the guard, then position, source, event of each, in order.
# A position is fixed-width text; those up to the last one of the same epoch are there already and are passed over. Returns how many were added.
GUARDED_APPEND = """
local known = redis.call('HMGET', KEYS[2], 'epoch', 'position')
local last = (known[1] == ARGV[1] and known[2]) or ''
local added = 0
for i = 5, #ARGV, 3 do
    if ARGV[i] > last then
        redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[2], '*', 'source', ARGV[i + 1], 'event', ARGV[i + 2])
        last = ARGV[i]
        added = added + 1
    end
end
if added > 0 then
    redis.call('HSET', KEYS[2], 'epoch', ARGV[1], 'position', last)
    redis.call('EXPIRE', KEYS[1], ARGV[3])
    redis.call('EXPIRE', KEYS[2], ARGV[4])
end
return added
"""
_decode = msgspec.json.Decoder().decode
_SCRIPT_SHA = hashlib.sha1(GUARDED_APPEND.encode(), usedforsecurity=False).hexdigest()


STREAMS = ("trades", "quotes", "bars", "indicators", "signals")


class Placed(NamedTuple):
    """position: of the event in the log. event: as JSON."""

    position: str
    source: str
    event: bytes


class Append(NamedTuple):
    """Events for one stream, in order. name: of the kind of stream. epoch: of the log that the positions belong to. length: what the stream may hold."""

    key: str
    name: str
    epoch: str
    length: int
    events: Sequence[Placed]


class Message(NamedTuple):
    """One event of a stream. id: Redis' own, milliseconds of the server's clock and a number; event: the JSON value."""

    id: str
    source: str
    event: Any


def position_of(offset: int, index: int) -> str:
    """Compares as text like (offset, index) as numbers."""
    return f"{offset:020d}{index:08d}"


def add(pipeline: Any, append: Append) -> None:
    """At the end of a pipeline; its answer is how many were new. Raises NoScriptError there until `load` was called."""
    texts = [text for event in append.events for text in event]
    limits = (append.epoch, append.length, LIFETIME_S, MINIMUM_GUARD_LIFETIME_S)
    pipeline.evalsha(_SCRIPT_SHA, 2, append.key, guard_key(append.key), *limits, *texts)


def ask(pipeline: Any, key: str, after: str, count: int) -> None:
    """Messages after an id, the oldest first; without an id the newest ones, the newest first."""
    if after:
        pipeline.xrange(key, f"({after}", "+", count)
    else:
        pipeline.xrevrange(key, "+", "-", count)


def messages(answer: Sequence[tuple[bytes, dict[bytes, bytes]]], after: str) -> list[Message]:
    """Of what `ask` was answered, the oldest first. Raises KeyError or msgspec.DecodeError if they are no events of ours."""
    rows = answer if after else reversed(answer)
    return [Message(key.decode(), fields[b"source"].decode(), _decode(fields[b"event"])) for key, fields in rows]


def load(client: Any) -> None:
    """Tells the server the script."""
    client.script_load(GUARDED_APPEND)
