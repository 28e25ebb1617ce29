"""What the sink does now and then beside its batches: it tells of the server, and works out the movers."""

from collections.abc import Iterable

from cache.guard import Write, order_of
from cache.keys import joined
from cache.kinds import KINDS
from cache.packing import pack
from runtime import metrics
from runtime.clock import Clock
from schemas.timeframes import Timeframe
from sinks.redis.client import RedisClient
from sinks.redis.movers import movers

_FIGURES_INTERVAL_S = 2.0
_MAXIMUM_SYMBOLS = 50_000  # of one process; a share of the partitions has far fewer
_QUOTE, _BAR, _MOVERS = KINDS["quote"], KINDS["bar"], KINDS["movers"]
_PLAIN_BYTES = 10_000_000  # never compressed: any client reads what the sink writes


class Upkeep:
    """movers_interval_s: 0 for never."""

    def __init__(self, client: RedisClient, clock: Clock, movers_interval_s: float) -> None:
        self._client = client
        self._clock = clock
        self._movers_interval_s = movers_interval_s
        self._told_s = self._moved_s = float("-inf")
        self._symbols: set[str] = set()

    def note(self, symbols: Iterable[str]) -> None:
        """Symbols of a batch."""
        if self._movers_interval_s and len(self._symbols) < _MAXIMUM_SYMBOLS:
            self._symbols.update(symbols)

    def run(self) -> None:
        """What is due. Raises as the client."""
        now_s = self._clock.monotonic_s()
        if now_s - self._told_s >= _FIGURES_INTERVAL_S:
            self._told_s = now_s
            self._tell()
        if self._movers_interval_s and self._symbols and now_s - self._moved_s >= self._movers_interval_s:
            self._moved_s = now_s
            self._move()

    def _tell(self) -> None:
        figures = self._client.figures()
        metrics.REDIS_BYTES.set(figures.bytes)
        metrics.REDIS_KEYS.set(figures.keys)
        metrics.REDIS_EVICTED.set(figures.evicted)
        metrics.REDIS_HITS.set(figures.hits)
        metrics.REDIS_MISSES.set(figures.misses)

    def _move(self) -> None:
        """Of all symbols, those of other instances too; the guard lets the one that saw the newest tick win."""
        symbols = self._client.symbols(sorted(self._symbols))
        quotes = self._client.values([joined(_QUOTE, symbol) for symbol in symbols])
        days = self._client.values([joined(_BAR, symbol, Timeframe.D1) for symbol in symbols])
        newest_ns, sides = movers(zip(quotes, days, strict=True))
        if newest_ns:
            writes = [
                Write(joined(_MOVERS, side), "value", order_of(newest_ns), "", b"", _packed(rows, newest_ns), _MOVERS.lifetime_s)
                for side, rows in sides.items()
            ]
            self._client.write(writes)


def _packed(rows: list[dict[str, object]], newest_ns: int) -> bytes:
    return pack(rows, newest_ns, _PLAIN_BYTES, _PLAIN_BYTES)
