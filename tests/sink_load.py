"""A load of ticks for the TimescaleDB sink, and what its table must hold afterwards: counted and hashed here, by nothing that the sink uses."""

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from schemas.partitioner import partition_of
from schemas.ticks import Quote, Trade
from schemas.timeframes import DAY_NS
from schemas.topics import Topic
from tests.sink_events import SOURCE, T0_NS, envelope, quote, trade
from tests.sink_processes import Feed
from tests.sinks_world import query

_SYMBOLS = tuple(f"LOAD{number}-USDT" for number in range(12))
_REASONS: tuple[tuple[str, ...], ...] = ((), (), (), ("late",), ("out_of_order", "late"))
# Everything of a row as one text; concat_ws leaves NULLs out. `timestamp` follows from ts_event_ns, so it is compared with that.
_ROW = (
    "concat_ws('|', symbol, source, kind, price, volume, side, trade_id, bid, bid_size, ask, ask_size, update_id, seq, quality_score,"
    " array_to_string(reasons, ','), ts_event_ns, ts_ingest_ns, event_time_is_receive::int, filled::int, is_primary::int, primary_epoch,"
    ' (extract(epoch FROM "timestamp") * 1000000)::bigint)'
)


class Content(NamedTuple):
    """rows; checksum: the sum of a hash of every row, so that the order does not matter and a row twice would show."""

    rows: int
    checksum: int


class SinkLoad:
    """Trades and quotes of twelve symbols over all partitions, numbered as validate numbers them. records: sent until now."""

    def __init__(self, line: Any, ticks_a_day: int = 1_000_000) -> None:
        self._feed = Feed(line)
        self._partitions = line.settings.kafka.partitions
        self.records = 0
        self._step_ns = DAY_NS // ticks_a_day
        self._sent = 0
        self._checksum = 0

    @property
    def content(self) -> Content:
        """Of everything sent until now."""
        return Content(self._sent, self._checksum)

    def send(self, ticks: int, size: int = 40) -> None:
        """That many more, in envelopes of `size` ticks of one symbol. Returns when the broker has them."""
        until = self._sent + ticks
        while self._sent < until:
            number, first = divmod(self._sent // size, len(_SYMBOLS))
            symbol, seq = _SYMBOLS[first], number * size + 1
            batch = [_tick(symbol, at, T0_NS + (self._sent + at - seq) * self._step_ns) for at in range(seq, seq + size)]
            self._feed.partition = partition_of(symbol, self._partitions)
            self._feed.send(Topic.TICKS, envelope(batch))
            self.records += 1
            self._sent += size
            self._checksum += sum(map(_hash, map(_text, batch)))
        self._feed.flush()


def _tick(symbol: str, seq: int, ts_ns: int) -> Trade | Quote:
    reasons = _REASONS[seq % len(_REASONS)]
    common: dict[str, Any] = {
        "symbol": symbol, "ts_event_ns": ts_ns, "ts_ingest_ns": ts_ns + 7, "reasons": reasons, "quality": 0.75 if reasons else 1.0
    }  # fmt: skip
    return trade(seq, **common) if seq % 3 else quote(seq, **common, event_time_is_receive=bool(seq % 2))


def _text(tick: Trade | Quote) -> str:
    if isinstance(tick, Trade):
        own: Iterable[object] = ("trade", tick.price, tick.size, tick.side, tick.trade_id)
        received, filled = False, tick.filled
    else:
        own = ("quote", tick.bid, tick.bid_size, tick.ask, tick.ask_size, tick.update_id)
        received, filled = tick.event_time_is_receive, False
    quality = "1" if tick.quality == 1 else repr(tick.quality)
    marks = (
        quality,
        ",".join(tick.reasons),
        tick.ts_event_ns,
        tick.ts_ingest_ns,
        int(received),
        int(filled),
        int(tick.primary),
        tick.primary_epoch,
    )
    return "|".join(map(str, (tick.symbol, SOURCE, *own, tick.seq, *marks, tick.ts_event_ns // 1000)))


def _hash(text: str) -> int:
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15], 16)


def stored(line: Any) -> Content:
    """What market_ticks holds, by the same count and sum."""
    [(rows, checksum)] = query(
        line, f"SELECT count(*), coalesce(sum(('x' || left(md5({_ROW}), 15))::bit(60)::bigint), 0) FROM market_ticks"
    )
    return Content(rows, int(checksum))


def read_records(line: Any) -> int:
    """How many records the sink has stored and moved past."""
    return int(query(line, "SELECT coalesce(sum(next_offset), 0) FROM kafka_offsets")[0][0])
