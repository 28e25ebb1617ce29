"""Guarded writes of values that services have, and the writes that a Redis gets again which comes back."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from cache.guard import Write, add, order_of
from cache.keys import index_key
from cache.kinds import SERVICES, Kind
from cache.memory import Held
from cache.packing import TooLarge, pack
from cache.remote import Remote
from cache.shelf import Shelf
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings import CacheSettings

_INDEX_LIFETIME_S = 604_800  # as long as any value may live
_PIPELINE_WRITES = 1_000


class Item(NamedTuple):
    """One value to write. symbol: "" where the kind has none."""

    kind: Kind
    key: str
    symbol: str
    value: Any
    ts_event_ns: int
    lifetime_s: int


class Writing:
    """Raises UserError for a value that is too large, that JSON cannot say, or that the sink alone writes."""

    def __init__(self, remote: Remote, shelf: Shelf, settings: CacheSettings, clock: Clock) -> None:
        self._remote = remote
        self._shelf = shelf
        self._settings = settings
        self._clock = clock

    def write(self, items: Sequence[Item]) -> list[bool]:
        """Whether each was written, or is kept to be written."""
        now_s = self._clock.monotonic_s()
        held = [self._held(item, now_s) for item in items]
        newer = [(item.key, one) for item, one in zip(items, held, strict=True) if not self._shelf.is_older(item.key, item.ts_event_ns)]
        taken = dict(zip((key for key, _ in newer), self._write(newer, now_s), strict=True))
        results = [taken.get(item.key, "older") for item in items]
        for item, result in zip(items, results, strict=True):
            metrics.CACHE_WRITES.labels(item.kind.name, result).inc()
        return [result != "older" for result in results]

    def _held(self, item: Item, now_s: float) -> Held:
        if item.kind.written_by != SERVICES:
            raise UserError(f"{item.kind.name} is written by {item.kind.written_by} from Kafka; publish its events instead")
        limit = self._settings.maximum_value_bytes
        try:
            packed = pack(item.value, item.ts_event_ns, self._settings.compress_above_bytes, limit)
        except TooLarge as error:
            raise UserError(f"{item.key} has {error}; cache.maximum_value_bytes is {limit:,}") from None
        except (TypeError, ValueError, RecursionError) as error:
            raise UserError(f"{item.key} cannot be written as JSON: {error}") from None
        return Held(item.kind, item.symbol, packed, item.ts_event_ns, now_s + item.lifetime_s, self._clock.now_ns())

    def _write(self, rows: Sequence[tuple[str, Held]], now_s: float) -> list[str]:
        answers = self._remote.ask(lambda pipeline: _add_all(pipeline, rows, now_s)) if rows else []
        if answers is None:
            return [self._keep(key, held) for key, held in rows]
        return [self._settle(key, held, answer) for (key, held), answer in zip(rows, _of_writes(rows, answers), strict=True)]

    def _keep(self, key: str, held: Held) -> str:
        held.waiting = True
        self._shelf.put(key, held)
        return "memory"

    def _settle(self, key: str, held: Held, is_written: bool) -> str:
        if not is_written:
            self._shelf.drop(key)  # the next read brings the newer one
            return "older"
        held.waiting = False
        held.life = self._remote.life
        self._shelf.put(key, held)
        return "written"

    def restore(self) -> None:
        """What Redis lacks, in pipelines; what does not arrive waits on."""
        now_s = self._clock.monotonic_s()
        rows = [(key, held) for key, held in self._shelf.of_earlier_lives(self._remote.life) if held.kind.written_by == SERVICES]
        for start in range(0, len(rows), _PIPELINE_WRITES):
            part = rows[start : start + _PIPELINE_WRITES]
            for (_, held), result in zip(part, self._write(part, now_s), strict=True):
                metrics.CACHE_WRITES.labels(held.kind.name, "restored" if result == "written" else result).inc()


def _add_all(pipeline: Any, rows: Sequence[tuple[str, Held]], now_s: float) -> None:
    """The index first: no value without one."""
    for key, held in rows:
        if held.symbol:
            pipeline.sadd(index_key(held.symbol), key)
            pipeline.expire(index_key(held.symbol), _INDEX_LIFETIME_S)
        left_s = max(1, int(held.until_s - now_s))
        add(pipeline, Write(key, "value", order_of(held.ts_event_ns), "", b"", held.packed, left_s))


def _of_writes(rows: Sequence[tuple[str, Held]], answers: Sequence[Any]) -> list[bool]:
    """The last answer of each row."""
    ends, at = [], 0
    for _, held in rows:
        at += 3 if held.symbol else 1
        ends.append(bool(answers[at - 1]))
    return ends
