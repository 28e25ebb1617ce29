"""The one Lua script of all writes: Redis runs it whole, so between look and write nothing comes."""

import hashlib
from typing import Any, NamedTuple

from cache.keys import guard_key

# KEYS: the value, its guard (a hash). A value may be made of two parts with clocks of their own (a trade has the venue's time, Binance's quote the time of
# receipt), each guarded by itself; a part of another source replaces both, if it is not older than either: no value mixes venues.
# ARGV: 1 part, 2 order (fixed width, so text compares like numbers; Lua's numbers cannot hold nanoseconds), 3 source, 4 head and 5 body (members of
# a JSON object; without a head the body is the whole value), 6 lifetime of the value, 7 of the guard, 8 the other part's name or '', 9 the other part's body
# while it is absent. Returns 1 if written, 0 if something newer is there.
GUARDED_WRITE = """
local value, guard = KEYS[1], KEYS[2]
local part, order, source, head, body, other = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[8]
local known = redis.call('HMGET', guard, part, other .. '', 'source', other .. '.head', other .. '.body')
local mine, theirs = known[1] or '', (other ~= '' and known[2]) or ''
if known[3] and known[3] ~= source then
    if order < mine or order < theirs then return 0 end
    redis.call('DEL', guard)
    theirs = ''
elseif order < mine then
    return 0
end
if other == '' then
    redis.call('HSET', guard, part, order, 'source', source)
else
    redis.call('HSET', guard, part, order, part .. '.head', head, part .. '.body', body, 'source', source)
end
redis.call('EXPIRE', guard, ARGV[7])
local members = body
if other ~= '' then
    if theirs == '' then
        members = members .. ',' .. ARGV[9]
    else
        members = members .. ',' .. known[5]
        if theirs > order then head = known[4] end
    end
end
if head ~= '' then members = '{' .. head .. ',' .. members .. '}' end
redis.call('SET', value, members, 'EX', ARGV[6])
return 1
"""
_SCRIPT_SHA = hashlib.sha1(GUARDED_WRITE.encode(), usedforsecurity=False).hexdigest()  # the name that EVALSHA knows it by

# The guard outlives the value: else a replay of old data could bring an old price back once the value has expired.
MINIMUM_GUARD_LIFETIME_S = 86_400


class Write(NamedTuple):
    """One guarded write. order: fixed-width text that grows with the event's time. head, body: members of a JSON object, without braces, or no head and
    the value itself. lifetime_s: of the value."""

    key: str
    part: str
    order: str
    source: str
    head: bytes
    body: bytes
    lifetime_s: int
    other: str = ""
    other_absent: bytes = b""


def order_of(time_ns: int, number: int = 0) -> str:
    """Compares as text like (time_ns, number) as numbers, for times from 1970 on. Times before that are all the oldest."""
    return f"{max(time_ns, 0):020d}{max(number, 0):020d}"


def guard_lifetime_s(lifetime_s: int) -> int:
    """Seconds after the last write until the guard forgets."""
    return max(MINIMUM_GUARD_LIFETIME_S, 2 * lifetime_s)


def add(pipeline: Any, write: Write) -> None:
    """The write at the end of a pipeline; its answer is 1 if it was newer than what was there, else 0. Raises NoScriptError there until `load` was called."""
    lifetimes = (write.lifetime_s, guard_lifetime_s(write.lifetime_s))
    arguments = (write.part, write.order, write.source, write.head, write.body, *lifetimes, write.other, write.other_absent)
    pipeline.evalsha(_SCRIPT_SHA, 2, write.key, guard_key(write.key), *arguments)


def load(client: Any) -> None:
    """Tells the server the script: a restarted one has forgotten it."""
    client.script_load(GUARDED_WRITE)


def is_loaded(client: Any) -> bool:
    """Whether the server knows the script. Asked over one connection, as `load`."""
    return bool(client.script_exists(_SCRIPT_SHA)[0])
