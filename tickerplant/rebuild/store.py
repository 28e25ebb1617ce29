"""What the job reads beside verify's tables: trades of a span of time, and the gaps that said that it is due."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from runtime.settings import Settings
from schemas.gaps import Gap
from tickerplant.verify.rows import BarRow, IndicatorRow, TickRow
from tickerplant.verify.store import Series, Store, open_store

_CHUNK_ROWS = 20_000
_TICKS = """
    SELECT 0, kind, price, volume, side, trade_id, bid, bid_size, ask, ask_size, update_id, seq, quality_score, reasons, ts_event_ns, ts_ingest_ns,
           event_time_is_receive, filled
    FROM market_ticks
    WHERE symbol = %s AND source = %s AND kind = 'trade' AND ts_event_ns >= %s AND ts_event_ns < %s
      AND "timestamp" >= to_timestamp(%s) AND "timestamp" < to_timestamp(%s)
"""
_GAPS = """
    SELECT gap_id, symbol, source, channel, cause, state, from_id, to_id, from_ns, to_ns, size, filled, known_at_ns FROM market_gaps
    WHERE symbol = %s AND source = %s AND cause = 'dropped' AND state IN ('open', 'partial') AND from_ns < %s AND to_ns >= %s ORDER BY from_ns
"""


@dataclass(frozen=True, slots=True)
class RebuildStore:
    """Blocks on the database. store: verify's, of the same snapshot."""

    store: Store

    @property
    def connection(self) -> psycopg.Connection[Any]:
        return self.store.connection

    def trades(self, series: Series, from_ns: int, to_ns: int) -> Iterator[TickRow]:
        with self.connection.cursor("rebuild_ticks", binary=True) as cursor:
            cursor.itersize = _CHUNK_ROWS
            cursor.execute(_TICKS, (*series, from_ns, to_ns, from_ns // 10**9, to_ns // 10**9 + 1))
            for row in cursor:
                yield TickRow(*row)

    def first_trade_ns(self, series: Series) -> int | None:
        query = "SELECT min(ts_event_ns) FROM market_ticks WHERE symbol = %s AND source = %s AND kind = 'trade'"
        row = self.connection.execute(query, series).fetchone()
        return row[0] if row else None

    def bars(self, series: Series, timeframe: str) -> list[BarRow]:
        return list(self.store.bars(series, timeframe))

    def indicators(self, series: Series, timeframe: str) -> list[IndicatorRow]:
        return list(self.store.indicators(series, timeframe))

    def dropped(self, series: Series, from_ns: int, to_ns: int) -> list[Gap]:
        """Gaps of ticks that came too late, of this span, that are not filled."""
        return [Gap(*row) for row in self.connection.execute(_GAPS, (*series, to_ns, from_ns)).fetchall()]


@contextmanager
def open_rebuild_store(settings: Settings) -> Iterator[RebuildStore]:
    """One read-only snapshot of all tables. Raises UserError without a database or tables."""
    with open_store(settings) as store:
        yield RebuildStore(store)
