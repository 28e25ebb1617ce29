"""Tables in memory, with the audit's answers, for properties; and their way into a database, for the command."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from tickerplant.verify.rows import BarRow, GapRow, IndicatorRow, SignalRow, TickRow
from tickerplant.verify.store import Series, SharedPrimary


@dataclass
class MemoryTables:
    """Rows by series and timeframe; the same answers as tickerplant.verify.store.Store."""

    tick_rows: dict[Series, list[TickRow]] = field(default_factory=lambda: defaultdict(list))
    bar_rows: dict[tuple[Series, str], dict[int, BarRow]] = field(default_factory=lambda: defaultdict(dict))
    indicator_rows: dict[tuple[Series, str], dict[tuple[int, str, str], IndicatorRow]] = field(default_factory=lambda: defaultdict(dict))
    signal_rows: dict[tuple[Series, str], dict[int, SignalRow]] = field(default_factory=lambda: defaultdict(dict))
    gap_rows: dict[Series, dict[str, GapRow]] = field(default_factory=lambda: defaultdict(dict))

    def series(self, symbols: tuple[str, ...] = (), sources: tuple[str, ...] = ()) -> list[Series]:
        known = set(self.tick_rows) | {series for series, _ in self.bar_rows}
        return sorted(s for s in known if (not symbols or s.symbol in symbols) and (not sources or s.source in sources))

    def ticks(self, series: Series) -> Iterator[TickRow]:
        return iter(sorted(self.tick_rows[series], key=lambda row: row.seq))

    def bars(self, series: Series, timeframe: str) -> Iterator[BarRow]:
        return iter([row for _, row in sorted(self.bar_rows[series, timeframe].items())])

    def indicators(self, series: Series, timeframe: str) -> Iterator[IndicatorRow]:
        return iter([row for _, row in sorted(self.indicator_rows[series, timeframe].items())])

    def signals(self, series: Series, timeframe: str) -> Iterator[SignalRow]:
        return iter([row for _, row in sorted(self.signal_rows[series, timeframe].items())])

    def gaps(self, series: Series) -> list[GapRow]:
        return sorted(self.gap_rows[series].values(), key=lambda gap: gap.from_id)

    def timeframes(self, series: Series) -> set[str]:
        return {timeframe for known, timeframe in self.bar_rows if known == series}

    def shared_primaries(self, symbols: tuple[str, ...], start_ns: int) -> Iterator[SharedPrimary]:
        found: defaultdict[tuple[str, str, int], list[str]] = defaultdict(list)
        for (series, timeframe), rows in self.bar_rows.items():
            for row in rows.values():
                if row.is_primary and row.ts_open_ns >= start_ns and (not symbols or series.symbol in symbols):
                    found[series.symbol, timeframe, row.timestamp_us].append(series.source)
        return iter([SharedPrimary(*key, sorted(sources)) for key, sources in sorted(found.items()) if len(sources) > 1])

    def store(self, connection: psycopg.Connection[Any]) -> None:
        """Inserts all rows into migrated tables."""
        for series, ticks in self.tick_rows.items():
            _insert(connection, "market_ticks", ticks, **series._asdict(), is_primary=True, primary_epoch=0)
        for table, by_key in (
            ("market_ohlcv", self.bar_rows),
            ("technical_indicators", self.indicator_rows),
            ("trading_signals", self.signal_rows),
        ):
            for (series, timeframe), rows in by_key.items():  # type: ignore[attr-defined]
                _insert(connection, table, rows.values(), **series._asdict(), timeframe=timeframe)
        for series, gaps in self.gap_rows.items():
            _insert(connection, "market_gaps", gaps.values(), **series._asdict(), cause="sequence", from_ns=0, to_ns=0, known_at_ns=0)


def _insert(connection: psycopg.Connection[Any], table: str, rows: Iterable[Any], **more: Any) -> None:
    for row in rows:
        values = {**row._asdict(), **more}
        if "timestamp_us" in values:
            values["timestamp"] = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=values.pop("timestamp_us"))
        values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()}
        columns, places = SQL(", ").join(map(Identifier, values)), SQL(", ").join(map(Placeholder, values))
        connection.execute(SQL("INSERT INTO {} ({}) VALUES ({})").format(Identifier(table), columns, places), values)
