"""Bars read into pandas by the package `history`, as a backtest does: a year of minutes and ten years of days of one symbol among others."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Literal

import pandas as pd

from bench.figures import table
from bench.own_database import OwnDatabase
from bench.sink_speed import measured
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
    """One way to read, milliseconds. target_ms: of the median. core_ms, server_core_ms: of a core, ours and PostgreSQL's, medians; what others do on the
    machine moves them less."""

    what: str
    rows: int
    best_ms: float
    median_ms: float
    core_ms: float
    server_core_ms: float
    target_ms: float

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

            def days() -> pd.DataFrame:
                return history.bars(_SYMBOL, _SOURCE, "1d").pandas()

            reader = _Reader(runs, database.server_pid())
            return [
                reader.read("a year of minutes, exact", lambda: minutes("exact"), MINUTES_TARGET_MS),
                reader.read("a year of minutes, float64", lambda: minutes("float"), MINUTES_TARGET_MS),
                reader.read("a year of minutes as of a moment, exact", lambda: minutes("exact", "2040-01-01"), MINUTES_TARGET_MS),
                reader.read("ten years of days, exact", days, DAYS_TARGET_MS),
            ]


def _fill(database: OwnDatabase) -> None:
    for timeframe, length_s, rows in (("1m", 60, _YEAR), ("1d", 86_400, _TEN_YEARS)):
        length_ns = length_s * 1_000_000_000
        database.query(_FILL.format(source=_SOURCE, timeframe=timeframe, length_ns=length_ns, rows=rows, symbols=_SYMBOLS))
    if "TimescaleDB" in database.version():
        database.query("SELECT compress_chunk(chunk) FROM show_chunks('market_ohlcv') AS chunk")
    database.query("VACUUM ANALYZE market_ohlcv")


@dataclass(frozen=True, slots=True)
class _Reader:
    runs: int
    server_pid: int

    def read(self, what: str, read: Callable[[], pd.DataFrame], target_ms: float) -> Read:
        """The first read is not counted: it opens the second connection."""
        rows = len(read())
        taken = [measured(read, rows, self.server_pid) for _ in range(self.runs)]
        seconds = [run.seconds for run in taken]
        core_s, server_core_s = median(run.core_s for run in taken), median(run.server_core_s for run in taken)
        return Read(what, rows, min(seconds) * 1e3, median(seconds) * 1e3, core_s * 1e3, server_core_s * 1e3, target_ms)


def reading_text(reads: list[Read]) -> str:
    """A line a way."""
    head = ("what", "rows", "best ms", "median ms", "core ms, ours", "PostgreSQL's", "target", "")
    rows = [
        (
            one.what,
            one.rows,
            one.best_ms,
            one.median_ms,
            one.core_ms,
            one.server_core_ms,
            one.target_ms,
            "reached" if one.reached else "missed",
        )
        for one in reads
    ]
    return table("Reading bars into pandas, server included", head, rows)
