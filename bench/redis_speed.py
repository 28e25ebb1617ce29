"""Redis: guarded writes as the sink sends them after conflation, beside plain SETs of the same values (the limit), and single reads by the cache."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import redis

from bench.figures import Spread, spread, table
from cache import Cache
from runtime.clock import SystemClock
from runtime.faults import KillPoints
from runtime.settings import RedisSettings, SinkSettings, load_settings
from runtime.stage import InputRecord
from schemas.codec import encode
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.topics import Topic
from sinks.redis.client import RedisClient
from sinks.redis.store import RedisStore
from sinks.redis.values import quote_write

WRITES_TARGET_PER_S = 20_000.0
GET_TARGET_P99_MS = 1.0
_SYMBOLS = 1_000
_ENVELOPE_TICKS = 100
_START_NS = 1_723_161_480_000_000_000
_DATABASE = 15  # of the stack's Redis; emptied before and after


@dataclass(frozen=True, slots=True)
class RedisSpeed:
    """writes_per_s: each one key and part, by the wall's clock with Redis on another core; own_core_s: of ours, a million writes. ticks_per_s: through the
    sink's store, decoded and conflated. get, bare_get: single reads by the cache, and by the client library alone."""

    writes_per_s: float
    writes_reached: bool
    own_core_s_per_million: float
    plain_per_s: float
    ticks_per_s: float
    get: Spread
    get_reached: bool
    bare_get: Spread
    many_keys_per_s: float


def measure(url: str, writes: int, runs: int) -> RedisSpeed:
    """writes: of one run, reads are a tenth of them; medians of the runs. Blocks for some seconds."""
    own = f"{url.rsplit('/', 1)[0]}/{_DATABASE}"
    with redis.Redis.from_url(own) as raw:
        raw.flushdb()
        try:
            return _measured(raw, own, writes, runs)
        finally:
            raw.flushdb()


def _measured(raw: Any, url: str, writes: int, runs: int) -> RedisSpeed:
    client = RedisClient(url, RedisSettings())
    client.introduce()
    batches = max(1, writes // (2 * _SYMBOLS))
    guarded = [_timed(lambda: _guarded(client, batches)) for _ in range(runs)]
    plain = [_timed(lambda: _plain(raw, batches)) for _ in range(runs)]
    ticks_per_s = median(_sink(url, writes) for _ in range(runs))
    number = 2 * _SYMBOLS * batches
    per_s = number / median(seconds for seconds, _ in guarded)
    keys = [f"S{at:04d}-USDT" for at in range(_SYMBOLS)]
    with Cache(url, settings=load_settings()) as cache:
        get = _reads(lambda key: cache.get("quote", key), keys, writes // 10)
        many_s, _ = _timed(lambda: cache.get_many("quote", keys))
    bare = _reads(lambda key: raw.get(f"quote:{key}"), keys, writes // 10)
    client.close()
    return RedisSpeed(
        per_s, per_s >= WRITES_TARGET_PER_S, median(own for _, own in guarded) / number * 1e6,
        number / median(seconds for seconds, _ in plain), ticks_per_s, get, get.p99_ms < GET_TARGET_P99_MS, bare, len(keys) / many_s,
    )  # fmt: skip


def _timed(action: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the wall, and of our own core."""
    began_s, own_s = time.perf_counter(), time.process_time()
    action()
    return time.perf_counter() - began_s, time.process_time() - own_s


def _ticks(number: int) -> Iterator[Trade | Quote]:
    """A trade and a quote of every symbol in turn, each newer than the one before."""
    for at in range(number):
        symbol, ts_ns, seq = f"S{at // 2 % _SYMBOLS:04d}-USDT", time.time_ns(), at + 1
        if at % 2:
            yield Trade(symbol, f"61{at % 1000:03d}.01000000", "0.00123000", ts_ns, ts_ns, seq, "buy", seq=seq)
        else:
            yield Quote(symbol, "61652.01000000", "0.5", f"61653.{at % 1000:03d}", "1.25", ts_ns, ts_ns, seq, seq=seq)


def _guarded(client: RedisClient, batches: int) -> None:
    for _ in range(batches):
        client.write([quote_write(tick, "binance", 60) for tick in _ticks(2 * _SYMBOLS)])


def _plain(raw: Any, batches: int) -> None:
    for _ in range(batches):
        pipeline = raw.pipeline(transaction=False)
        for tick in _ticks(2 * _SYMBOLS):
            write = quote_write(tick, "binance", 60)
            pipeline.set(f"plain:{write.key}:{write.part}", b"{" + write.head + b"," + write.body + b"}", ex=60)
        pipeline.execute()


class _NoLog:
    """The sink's positions, which are not measured here."""

    def committed(self, places: Sequence[Any]) -> dict[Any, int]:
        return {}

    def limits(self, place: Any) -> tuple[int, int]:
        return 0, 0

    def commit(self, positions: Any, *, wait: bool) -> None:
        return None


def _sink(url: str, ticks: int) -> float:
    """Ticks a second, from records to values in Redis, flushed every quarter of a second's worth at 100,000 ticks/s."""
    epochs = dict.fromkeys(Topic, "bench")
    store = RedisStore(
        "bench", RedisClient(url, RedisSettings()), _NoLog(), KillPoints("bench"), SystemClock(), SinkSettings(), lambda: epochs
    )
    store.begin([(Topic.TICKS, 0)])
    events = list(_ticks(ticks))
    values = [encode(TickEnvelope("binance", _START_NS, events[at : at + _ENVELOPE_TICKS])) for at in range(0, ticks, _ENVELOPE_TICKS)]
    records = [InputRecord(Topic.TICKS, 0, offset, None, value, {}, 0) for offset, value in enumerate(values)]
    seconds, _ = _timed(lambda: _store(store, records))
    store.close()
    return ticks / seconds


def _store(store: RedisStore, records: Sequence[InputRecord]) -> None:
    for number, record in enumerate(records, 1):
        store.take(record)
        if number % (25_000 // _ENVELOPE_TICKS) == 0:
            store.flush()
    store.flush()


def _reads(read: Callable[[str], object], keys: Sequence[str], number: int) -> Spread:
    """Each by itself, as a service asks."""
    samples = []
    for at in range(number):
        began_ns = time.perf_counter_ns()
        found = read(keys[at % len(keys)])
        samples.append(time.perf_counter_ns() - began_ns)
        assert found is not None
    return spread(samples)


def redis_text(result: RedisSpeed) -> str:
    """Each figure beside its target."""
    rows: list[tuple[object, ...]] = [
        ("guarded writes a second, pipelined", result.writes_per_s, f"{WRITES_TARGET_PER_S:,.0f}", _verdict(result.writes_reached)),
        ("plain SETs of the same values, pipelined (the limit)", result.plain_per_s, "-", ""),
        ("core-seconds of ours a million guarded writes", result.own_core_s_per_million, "-", ""),
        ("ticks a second through the sink's store, conflated", result.ticks_per_s, "-", ""),
        ("keys a second read by get_many", result.many_keys_per_s, "-", ""),
        ("get, p50 ms", result.get.p50_ms, "-", ""),
        ("get, p99 ms", result.get.p99_ms, f"{GET_TARGET_P99_MS:g}", _verdict(result.get_reached)),
        ("GET by the client library alone, p50 ms", result.bare_get.p50_ms, "-", ""),
        ("GET by the client library alone, p99 ms", result.bare_get.p99_ms, "-", ""),
    ]
    return table(f"Redis, {_SYMBOLS:,} symbols with trade and quote", ("what", "measured", "target", ""), rows)


def _verdict(reached: bool) -> str:
    return "reached" if reached else "missed"
