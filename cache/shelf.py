"""What the memory says beside Redis' answer: the newer of both, and the remembered one where Redis does not answer or has forgotten. No I/O.

While Redis answers, its word counts: a value that it has no longer is over or was invalidated. Only one that was read in an earlier life of the server may
have been lost with its memory, so that one lives on here to its end. And nothing that Redis gives ever takes a reader back behind what it has read.
"""

import threading
from typing import Any, TypeVar

import msgspec

from cache.entry import Entry
from cache.kinds import Kind
from cache.memory import Held, Memory
from cache.newer import newest, ts_event_ns
from cache.packing import Unreadable, unpack
from runtime import metrics
from runtime.clock import Clock
from runtime.settings import CacheSettings

_encode = msgspec.json.Encoder().encode
T = TypeVar("T", bound=Entry | None)
_BROKEN = (Unreadable, KeyError, TypeError, ValueError)


class Shelf:
    """Thread-safe."""

    def __init__(self, settings: CacheSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._memory = Memory(settings.memory_entries, settings.memory_bytes)
        self._told_evicted = 0
        self.counts: dict[str, int] = {}

    def answered(self, kind: Kind, key: str, symbol: str, packed: bytes | None, left_s: float, life: int) -> Entry | None:
        """Redis gave `packed`, which lives for left_s more, or has no such key."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            held = self._memory.get(key)
            if held is not None and held.until_s <= now_s:
                held = None
            if packed is None:
                return self._lost(kind, key, held, life)
            try:
                return self._read(kind, key, held, Held(kind, symbol, packed, 0, now_s + left_s, self._clock.now_ns(), life))
            except _BROKEN:
                return self._counted(kind, "unreadable", None)

    def _lost(self, kind: Kind, key: str, held: Held | None, life: int) -> Entry | None:
        if held is None or held.life == life:
            self._memory.drop(key)
            return self._counted(kind, "miss", None)
        return self._counted(kind, "memory", self._entry(held, "memory"))

    def _read(self, kind: Kind, key: str, held: Held | None, given: Held) -> Entry:
        value = self._unpacked(given.packed)
        if held is not None and held.packed != given.packed:
            mine = self._unpacked(held.packed)
            chosen = newest(kind, mine, value)
            if chosen is mine:
                return self._counted(kind, "memory", self._entry(held, "memory"))
            if chosen is not value:
                value, given.packed = chosen, _encode(chosen)
        given.ts_event_ns = ts_event_ns(kind, value)
        self._put(key, given)
        return self._counted(kind, "hit", Entry(_inner(kind, value), given.ts_event_ns))

    def recalled(self, kind: Kind, key: str) -> Entry | None:
        """Redis is away."""
        now_s = self._clock.monotonic_s()
        with self._lock:
            held = self._memory.get(key)
            if held is None or held.until_s + self._settings.away_s <= now_s:
                return self._counted(kind, "miss", None)
            expired = held.until_s <= now_s
            return self._counted(kind, "expired" if expired else "memory", self._entry(held, "memory", expired))

    def is_older(self, key: str, ts_event_ns: int) -> bool:
        """True if what is remembered under the key is newer and lives."""
        with self._lock:
            held = self._memory.get(key)
            return held is not None and held.until_s > self._clock.monotonic_s() and held.ts_event_ns > ts_event_ns

    def put(self, key: str, held: Held) -> None:
        with self._lock:
            self._put(key, held)

    def _put(self, key: str, held: Held) -> None:
        self._memory.put(key, held)
        self._tell()

    def drop(self, key: str) -> None:
        with self._lock:
            self._memory.drop(key)
            self._tell()

    def drop_symbol(self, symbol: str, known_until_ns: int) -> None:
        """All of it that was known by then."""
        with self._lock:
            self._memory.drop_symbol(symbol, known_until_ns)
            self._tell()

    def of_earlier_lives(self, life: int) -> list[tuple[str, Held]]:
        """What lives, and Redis may lack: written while it was away, or known before it was started anew. The longest unused first."""
        with self._lock:
            return [(key, held) for key, held in self._memory.alive(self._clock.monotonic_s()) if held.waiting or held.life != life]

    def _tell(self) -> None:
        metrics.CACHE_ENTRIES.set(len(self._memory))
        metrics.CACHE_BYTES.set(self._memory.bytes)
        metrics.CACHE_EVICTIONS.inc(self._memory.evicted - self._told_evicted)
        self._told_evicted = self._memory.evicted

    def size(self) -> tuple[int, int, int]:
        """Entries, bytes, and how many made room for others."""
        with self._lock:
            return len(self._memory), self._memory.bytes, self._memory.evicted

    def _entry(self, held: Held, origin: Any, expired: bool = False) -> Entry:
        return Entry(_inner(held.kind, self._unpacked(held.packed)), held.ts_event_ns, origin, expired)

    def _unpacked(self, packed: bytes) -> Any:
        return unpack(packed, self._settings.maximum_value_bytes)

    def _counted(self, kind: Kind, result: str, entry: T) -> T:
        self.counts[result] = self.counts.get(result, 0) + 1
        metrics.CACHE_READS.labels(kind.name, result).inc()
        return entry


def _inner(kind: Kind, value: Any) -> Any:
    """Some stand beside the time of their data."""
    return value["value"] if kind.is_wrapped else value
