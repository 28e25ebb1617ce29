"""Bars read into pandas by the package `history`, as a backtest does: a year of minutes and ten years of days of one symbol among others."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

import pandas as pd

from bench.figures import table
from bench.own_database import OwnDatabase
from history import History

MINUTES_TARGET_MS = 500.0
DAYS_TARGET_MS = 50.0
_SYMBOLS = 3
_YEAR, _TEN_YEARS = 365 * 1_440, 3_652
_SYMBOL, _SOURCE = "S1-USDT", "bench"
# Bar after bar of all symbols, as they are closed, so that those of one do not lie together.
_FILL = """
    INSERT INTO market_ohlcv ("timestamp", symbol, source, timeframe, open_price, high_price, low_price, close_price, volume, quote_volume, vwap,
        trade_count, kind, revision, quality_score, reasons, ts_open_ns, ts_close_ns, known_at_ns, is_primary, primary_epoch)
    SELECT to_timestamp(ns / 1000000000), 'S' || symbol || '-USDT', '{source}', '{timeframe}', price, price + 1.55, price - 1.07,
        price + (n % 15) / 10.0, (1000 + n % 9973) / 7.0::numeric(20, 8), 123456.789012345 + n, price + 0.1234567891, 1200 + n % 500, 'final', 0, 1,
        '{{}}', ns, ns + {length_ns}, ns + {length_ns} + 1000000000, true, 0
    FROM (
        SELECT n, symbol, 1388534400000000000 + n * {length_ns} AS ns, (61000.01 + (n * 7919 % 200000) / 100.0)::numeric(20, 2) AS price
        FROM generate_series(0, {rows}::bigint - 1) AS n, generate_series(1, {symbols}) AS symbol ORDER BY n, symbol
    ) AS made
"""


@dataclass(frozen=True, slots=True)
class Read:
    """One way to read, milliseconds. target_ms: of the median; 0: none."""

    what: str
    rows: int
    best_ms: float
    median_ms: float
    target_ms: float = 0.0

    @property
    def reached(self) -> bool:
        return self.median_ms < self.target_ms


def measure(server: str, runs: int) -> list[Read]:
    """server: URL of any database of a server where databases may be made. Blocks for about half a minute."""
    with OwnDatabase(server) as database:
        _fill(database)
        with History(database.url) as history:

            def minutes(numbers: Literal["exact", "float"], as_of: str | None = None) -> pd.DataFrame:
                return history.bars(_SYMBOL, _SOURCE, "1m", as_of=as_of).pandas(numbers)

            return [
                _read("a year of minutes, exact", runs, lambda: minutes("exact"), MINUTES_TARGET_MS),
                _read("a year of minutes, float64", runs, lambda: minutes("float"), MINUTES_TARGET_MS),
                _read("a year of minutes as of a moment, exact", runs, lambda: minutes("exact", "2040-01-01"), MINUTES_TARGET_MS),
                _read("ten years of days, exact", runs, lambda: history.bars(_SYMBOL, _SOURCE, "1d").pandas(), DAYS_TARGET_MS),
            ]


def _fill(database: OwnDatabase) -> None:
    for timeframe, length_s, rows in (("1m", 60, _YEAR), ("1d", 86_400, _TEN_YEARS)):
        length_ns = length_s * 1_000_000_000
        database.query(_FILL.format(source=_SOURCE, timeframe=timeframe, length_ns=length_ns, rows=rows, symbols=_SYMBOLS))
    if "TimescaleDB" in database.version():
        database.query("SELECT compress_chunk(chunk) FROM show_chunks('market_ohlcv') AS chunk")
    database.query("VACUUM ANALYZE market_ohlcv")


def _read(what: str, runs: int, read: Callable[[], pd.DataFrame], target_ms: float) -> Read:
    """The first read is not counted: it opens the second connection."""
    rows, taken_ms = len(read()), []
    for _ in range(runs):
        began_s = time.perf_counter()
        read()
        taken_ms.append((time.perf_counter() - began_s) * 1e3)
    return Read(what, rows, min(taken_ms), median(taken_ms), target_ms)


def reading_text(reads: list[Read]) -> str:
    """A line a way."""
    rows = [(one.what, one.rows, one.best_ms, one.median_ms, one.target_ms, "reached" if one.reached else "missed") for one in reads]
    return table("Reading bars into pandas, server included", ("what", "rows", "best ms", "median ms", "target", ""), rows)
