"""What the tables already hold of the sources of an import."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from runtime.errors import TransientError
from schemas.bars import Bar
from sinks.timescale.errors import said

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SeriesKey = tuple[str, str, str]  # symbol, source, and kind of tick or timeframe
_PRICES = ("open", "high", "low", "close", "volume")
_NEWEST = """SELECT symbol, kind, max(ts_event_ns) FROM market_ticks WHERE source = %s AND "timestamp" >= %s GROUP BY symbol, kind"""
_BARS = """SELECT ts_open_ns, open_price, high_price, low_price, close_price, volume, revision FROM market_ohlcv
    WHERE symbol = %s AND source = %s AND timeframe = %s AND "timestamp" BETWEEN %s AND %s"""
_COUNTS = {
    "ticks": """SELECT symbol, kind, count(*) FROM market_ticks WHERE source = %s AND "timestamp" BETWEEN %s AND %s GROUP BY 1, 2""",
    "bars": """SELECT symbol, timeframe, count(*) FROM market_ohlcv WHERE source = %s AND "timestamp" BETWEEN %s AND %s GROUP BY 1, 2""",
    "indicators": """SELECT symbol, timeframe, count(*) FROM technical_indicators WHERE source = %s AND "timestamp" BETWEEN %s AND %s GROUP BY 1, 2""",
    "signals": """SELECT symbol, timeframe, count(*) FROM trading_signals WHERE source = %s AND "timestamp" BETWEEN %s AND %s GROUP BY 1, 2""",
}
_LONGEST = timedelta(days=31)  # of a bar, which is stored under its beginning


class Stored:
    """One connection. Every method blocks and raises TransientError."""

    def __init__(self, url: str) -> None:
        try:
            self._connection = psycopg.connect(url, connect_timeout=5, autocommit=True)
        except psycopg.Error as error:
            raise TransientError(f"PostgreSQL does not answer: {said(error)}") from error

    def newest_ticks(self, sources: Iterable[str], from_ns: int) -> dict[SeriesKey, int]:
        """Event time of the newest stored tick of each series that has one at or after from_ns."""
        found: dict[SeriesKey, int] = {}
        for source in sources:
            for symbol, kind, newest_ns in self._all(_NEWEST, (source, _moment(from_ns))):
                found[symbol, source, kind] = newest_ns
        return found

    def revisions(self, bars: Iterable[Bar]) -> dict[tuple[SeriesKey, int], tuple[bool, int]]:
        """By series and ts_open_ns of those that are stored: whether prices and volume are the same, and the stored revision."""
        by_series: dict[SeriesKey, list[Bar]] = {}
        for bar in bars:
            by_series.setdefault((bar.symbol, bar.source, bar.timeframe), []).append(bar)
        return {found[0]: found[1] for key, group in by_series.items() for found in self._compared(key, group)}

    def _compared(self, key: SeriesKey, bars: list[Bar]) -> Iterable[tuple[tuple[SeriesKey, int], tuple[bool, int]]]:
        times = [bar.ts_open_ns for bar in bars]
        rows = {row[0]: row[1:] for row in self._all(_BARS, (*key, _moment(min(times)), _moment(max(times))))}
        for bar in bars:
            if (row := rows.get(bar.ts_open_ns)) is not None:
                yield (key, bar.ts_open_ns), (_numbers(bar) == list(row[:-1]), row[-1])

    def counts(self, sources: Iterable[str], from_ns: int, to_ns: int) -> dict[str, dict[str, int]]:
        """Rows of each table in a range of time, by `SYMBOL source kind-or-timeframe`."""
        first, last = _moment(from_ns) - _LONGEST, _moment(to_ns)
        return {
            table: {
                f"{symbol} {source} {kind}": count
                for source in sources
                for symbol, kind, count in self._all(query, (source, _moment(from_ns) if table == "ticks" else first, last))
            }
            for table, query in _COUNTS.items()
        }

    def _all(self, query: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query.encode(), parameters).fetchall()
        except psycopg.Error as error:
            raise TransientError(f"PostgreSQL does not tell what is stored: {said(error)}") from error

    def close(self) -> None:
        with suppress(psycopg.Error):
            self._connection.close()


def new_rows(before: Mapping[str, Mapping[str, int]], after: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """How many rows each table has more."""
    return {table: sum(rows.values()) - sum(before[table].values()) for table, rows in after.items()}


def _numbers(bar: Bar) -> list[Decimal | None]:
    """Of a text that is no number None: no row is like it."""
    try:
        return [Decimal(getattr(bar, name)) for name in _PRICES]
    except ArithmeticError:
        return [None]


def _moment(ts_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ts_ns // 1000)
