"""The cache as services use it. See docs/guides/cache.md."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from cache.asking import MAXIMUM_KEYS, ask_values, bounded, check_lifetimes, kind_named, kind_of, left_s
from cache.connection import connect
from cache.entry import Entry
from cache.figures import Figures, figures
from cache.figures import ask as ask_figures
from cache.invalidation import Invalidation
from cache.keys import index_key, key_of, keys_of_symbol, stream_key
from cache.kinds import Kind
from cache.remote import Remote
from cache.shelf import Shelf
from cache.statistics import Statistics, statistics
from cache.streams import STREAMS, Message, ask, messages
from cache.writing import Item, Writing
from runtime import metrics
from runtime.addresses import redis_address
from runtime.clock import Clock, SystemClock
from runtime.errors import TransientError, UserError
from runtime.settings import Settings, load_settings

_LOCKS = 64
_ID = re.compile(r"(\d{1,20}-\d{1,20})?")


class Cache:
    """The latest of everything, by kind and parts (docs/reference/cache.md): `cache.get("bar", "BTC-USDT", "1m")`. Thread-safe; `with Cache() as cache`.

    url: redis://...; without one the settings' address is used, or that of the local stack in data_dir. A Redis that is away is no error: reads and writes go
    on from memory, and what was written meanwhile is there when it is back. Every method may wait `cache.timeout_s` for an answer, while Redis is away no
    more than once in `cache.retry_s`; in an event loop call it by asyncio.to_thread. Raises UserError for wrong kinds and parts, and if Redis refuses us.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        data_dir: str | Path | None = None,
        settings: Settings | None = None,
        clock: Clock | None = None,
    ) -> None:
        settings = settings or (load_settings() if data_dir is None else load_settings(data_dir=Path(data_dir)))
        clock = clock or SystemClock()
        self._settings = settings.cache
        check_lifetimes(settings.cache.lifetimes_s)
        address = url or redis_address(settings)
        if address is None:
            raise UserError(f"no address for redis: start a stack with `tickerplant up --data-dir {settings.data_dir}` or set redis.url")
        self._clock = clock
        self._shelf = Shelf(settings.cache, clock)
        open_ = partial(connect, address, settings.redis, settings.cache.timeout_s, "tickerplant-cache")
        self._remote = Remote(open_, clock, settings.cache.retry_s, self._restore)
        self._writing = Writing(self._remote, self._shelf, settings.cache, clock)
        self._invalidation = Invalidation(self._remote, self._shelf, clock)
        self._locks = [threading.Lock() for _ in range(_LOCKS)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connections. What was written while Redis was away, and is not there yet, is lost."""
        self._remote.close()

    def get(self, kind: str, *parts: object) -> Entry | None:
        """The value, None if there is none."""
        return self.get_many(kind, [parts])[0]

    def get_many(self, kind: str, many: Sequence[tuple[object, ...] | object]) -> list[Entry | None]:
        """One question for many values of a kind, in the order of `many`: tuples of parts, or the one part itself."""
        chosen = kind_named(kind)
        parts = [one if isinstance(one, tuple) else (one,) for one in bounded(many)]
        keys = [key_of(chosen, one) for one in parts]
        with metrics.CACHE_SECONDS.time():
            answers = self._remote.ask(lambda pipeline: ask_values(pipeline, keys))
            if answers is None:
                return [self._shelf.recalled(chosen, key) for key in keys]
            symbols = [str(one[0]) if chosen.of_symbol else "" for one in parts]
            rows = zip(keys, symbols, answers[::2], answers[1::2], strict=True)
            return [self._answered(chosen, *row) for row in rows]

    def of_symbol(self, symbol: str) -> dict[str, Entry]:
        """All values of a symbol, of every kind, by their keys in Redis; {} while it is away."""
        members = self._remote.ask(lambda pipeline: pipeline.smembers(index_key(symbol)))
        keys = [] if members is None else [*keys_of_symbol(symbol), *sorted(key.decode() for key in members[0])]
        answers = self._remote.ask(lambda pipeline: ask_values(pipeline, keys)) or []
        rows = zip(keys, answers[::2], answers[1::2], strict=bool(answers))
        found = {key: self._answered(kind_of(key), key, symbol, packed, ms) for key, packed, ms in rows if packed is not None}
        return {key: entry for key, entry in found.items() if entry is not None}

    def _answered(self, kind: Kind, key: str, symbol: str, packed: bytes | None, milliseconds: int) -> Entry | None:
        return self._shelf.answered(kind, key, symbol, packed, left_s(milliseconds, kind), self._remote.life)

    def set(self, kind: str, *parts: object, value: Any, ts_event_ns: int | None = None, lifetime_s: int | None = None) -> bool:
        """Writes a value, unless one with data of a later time is there; True if it was written (or is kept to be, while Redis is away).

        value: anything that JSON can say. ts_event_ns: the time of its data; now, if it is not given. lifetime_s: instead of the kind's.
        """
        return self.set_many(kind, {parts: value}, ts_event_ns, lifetime_s)[0]

    def set_many(
        self, kind: str, values: Mapping[tuple[object, ...], Any], ts_event_ns: int | None = None, lifetime_s: int | None = None
    ) -> list[bool]:
        """`set` for many values of a kind, by their parts, in one question."""
        chosen = kind_named(kind)
        at_ns = self._clock.now_ns() if ts_event_ns is None else ts_event_ns
        seconds = lifetime_s or self._settings.lifetimes_s.get(kind, chosen.lifetime_s)
        items = [
            Item(chosen, key_of(chosen, parts), str(parts[0]) if chosen.of_symbol else "", value, at_ns, seconds)
            for parts, value in zip(bounded(values), values.values(), strict=True)
        ]
        return self._writing.write(items)

    def get_or_load(self, kind: str, *parts: object, load: Callable[[], Any], ts_event_ns: int | None = None) -> Entry:
        """The value, which `load` fetches if there is none or an expired one; threads of this process that want the same wait for the one that fetches.

        What `load` raises comes through: an expired value can still be had by `get`.
        """
        entry = self.get(kind, *parts)
        if entry is not None and not entry.expired:
            return entry
        with self._locks[hash((kind, parts)) % _LOCKS]:
            entry = self.get(kind, *parts)
            if entry is not None and not entry.expired:
                return entry
            value = load()
            at_ns = self._clock.now_ns() if ts_event_ns is None else ts_event_ns
            self.set(kind, *parts, value=value, ts_event_ns=at_ns)
            return Entry(value, at_ns)

    def replay(self, stream: str, symbol: str, after: str = "", count: int = 100) -> list[Message]:
        """The last events of a symbol in the order of the log, the oldest first: the newest `count`, or those after the message with the id `after`.

        stream: one of those that `sink.streams` names. Short: events beyond `sink.stream_length` are gone, and a Redis that lost its memory begins anew.
        Raises TransientError while Redis is away: memory holds no streams.
        """
        if stream not in STREAMS:
            raise UserError(f"there is no stream {stream}; there are {', '.join(STREAMS)}")
        if not _ID.fullmatch(after) or not 1 <= count <= MAXIMUM_KEYS:
            raise UserError(f"after is the id of a message, as 1723161480000-0, and count 1 to {MAXIMUM_KEYS:,}; got {after!r} and {count}")
        answers = self._remote.ask(lambda pipeline: ask(pipeline, stream_key(stream, symbol), after, count))
        if answers is None:
            raise TransientError("Redis is away, and streams are only there; try again later")
        return messages(answers[0], after)

    def invalidate(self, symbol: str) -> int:
        """Removes all values of a symbol, of every kind; returns how many were in Redis. While Redis is away they go as soon as it is back (0 is returned).

        The guards stay: what comes again must be as new as what was removed. Other processes read what is gone no longer while Redis answers.
        """
        return self._invalidation.invalidate(symbol)

    def statistics(self) -> Statistics:
        """Hits, sizes and evictions of this process since its start."""
        return statistics(self._shelf.counts, self._shelf.size(), self._remote.is_up)

    def server(self) -> Figures | None:
        """Keys, memory and hits of the Redis server, by all its clients; None while it is away."""
        answers = self._remote.ask(ask_figures)
        return None if answers is None else figures(answers)

    def _restore(self) -> None:
        """Redis is back, or is seen for the first time: what is invalid goes, then what it lacks is written, by the guard."""
        self._invalidation.catch_up()
        self._writing.restore()
