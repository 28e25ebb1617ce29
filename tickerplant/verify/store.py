"""Reads the tables: one read-only snapshot of all of them, rows by server-side cursors in chunks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, TypeVar

import psycopg
from psycopg.rows import args_row
from psycopg.sql import SQL, Composable, Identifier, Placeholder

from runtime import addresses
from runtime.errors import UserError
from runtime.settings import Settings
from tickerplant.verify.rows import BarRow, GapRow, IndicatorRow, SignalRow, TickRow

Row = TypeVar("Row", bound=tuple[Any, ...])
TABLES = ("market_ticks", "market_ohlcv", "technical_indicators", "trading_signals", "market_gaps")
_CHUNK_ROWS = 20_000
_TIMESTAMP = SQL('(extract(epoch FROM "timestamp") * 1000000)::bigint')


class Series(NamedTuple):
    """One symbol at one source."""

    symbol: str
    source: str

    def __str__(self) -> str:
        return f"{self.symbol} {self.source}"


class SharedPrimary(NamedTuple):
    """An interval of which several sources have the primary bar."""

    symbol: str
    timeframe: str
    timestamp_us: int
    sources: list[str]


class Tables(Protocol):
    """What the audit reads. `series`: all that any table knows, in order, or those named; the others: rows of one series, sorted as said."""

    def series(self, symbols: tuple[str, ...] = (), sources: tuple[str, ...] = ()) -> list[Series]: ...

    def ticks(self, series: Series) -> Iterator[TickRow]:
        """By seq."""
        ...

    def bars(self, series: Series, timeframe: str) -> Iterator[BarRow]:
        """By open time, as the next two."""
        ...

    def indicators(self, series: Series, timeframe: str) -> Iterator[IndicatorRow]: ...

    def signals(self, series: Series, timeframe: str) -> Iterator[SignalRow]: ...

    def gaps(self, series: Series) -> list[GapRow]:
        """By first id; few."""
        ...

    def timeframes(self, series: Series) -> set[str]:
        """Timeframes that stand in the tables of bars, indicators or signals."""
        ...

    def shared_primaries(self, symbols: tuple[str, ...], start_ns: int) -> Iterator[SharedPrimary]:
        """Of these symbols, all if none is named, and bars that begin then or later; by symbol, timeframe and time."""
        ...


class Store:
    """The tables of a database as they stood when the snapshot was taken; see Tables. All methods may block on the database."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def series(self, symbols: tuple[str, ...] = (), sources: tuple[str, ...] = ()) -> list[Series]:
        union = SQL(" UNION ").join(SQL("SELECT symbol, source FROM {}").format(Identifier(table)) for table in TABLES)
        rows = self.connection.execute(SQL("SELECT symbol, source FROM ({}) AS known ORDER BY 1, 2").format(union)).fetchall()
        return [Series(*row) for row in rows if (not symbols or row[0] in symbols) and (not sources or row[1] in sources)]

    def ticks(self, series: Series) -> Iterator[TickRow]:
        return self._rows("market_ticks", TickRow, series, SQL("seq, ts_event_ns"))

    def bars(self, series: Series, timeframe: str) -> Iterator[BarRow]:
        return self._rows("market_ohlcv", BarRow, series, SQL('"timestamp"'), timeframe)

    def indicators(self, series: Series, timeframe: str) -> Iterator[IndicatorRow]:
        return self._rows("technical_indicators", IndicatorRow, series, SQL('"timestamp", indicator_name, output'), timeframe)

    def signals(self, series: Series, timeframe: str) -> Iterator[SignalRow]:
        return self._rows("trading_signals", SignalRow, series, SQL('"timestamp"'), timeframe)

    def gaps(self, series: Series) -> list[GapRow]:
        return list(self._rows("market_gaps", GapRow, series, SQL("from_id, to_id")))

    def timeframes(self, series: Series) -> set[str]:
        tables = ("market_ohlcv", "technical_indicators", "trading_signals")
        select = SQL("SELECT DISTINCT timeframe FROM {} WHERE symbol = %(symbol)s AND source = %(source)s")
        query = SQL(" UNION ").join(select.format(Identifier(table)) for table in tables)
        return {row[0] for row in self.connection.execute(query, series._asdict()).fetchall()}

    def shared_primaries(self, symbols: tuple[str, ...], start_ns: int) -> Iterator[SharedPrimary]:
        where = SQL('is_primary AND "timestamp" >= to_timestamp(%(start_s)s)') + SQL(" AND symbol = ANY(%(symbols)s)" if symbols else "")
        query = SQL(
            "SELECT symbol, timeframe, {}, array_agg(source ORDER BY source) FROM market_ohlcv WHERE {} "
            'GROUP BY symbol, timeframe, "timestamp" HAVING count(*) > 1 ORDER BY 1, 2, 3'
        ).format(_TIMESTAMP, where)
        with self.connection.cursor("verify_primaries", row_factory=args_row(SharedPrimary)) as cursor:
            cursor.execute(query, {"symbols": list(symbols), "start_s": start_ns // 1_000_000_000})
            yield from cursor

    def _rows(self, table: str, row: type[Row], series: Series, order: Composable, timeframe: str | None = None) -> Iterator[Row]:
        names: tuple[str, ...] = row._fields  # type: ignore[attr-defined]
        parts: list[Composable] = [_TIMESTAMP if name == "timestamp_us" else Identifier(name) for name in names]
        columns = SQL(", ").join(parts)
        where = SQL("symbol = {} AND source = {}").format(Placeholder("symbol"), Placeholder("source"))
        if timeframe is not None:
            where += SQL(" AND timeframe = {}").format(Placeholder("timeframe"))
        query = SQL("SELECT {} FROM {} WHERE {} ORDER BY {}").format(columns, Identifier(table), where, order)
        with self.connection.cursor(f"verify_{table}", binary=True, row_factory=args_row(row)) as cursor:
            cursor.itersize = _CHUNK_ROWS
            cursor.execute(query, {**series._asdict(), "timeframe": timeframe})
            yield from cursor


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """One snapshot for all reads, so that tables written while it runs agree. Raises UserError without a database or tables."""
    try:
        connection = psycopg.connect(_url(settings), connect_timeout=max(2, round(settings.postgres.connect_timeout_s)))
    except psycopg.Error as error:
        raise UserError(
            f"the database does not answer ({_said(error)}); start the stack with `tickerplant up` or set postgres.url"
        ) from None
    with connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        _require_tables(connection)
        yield Store(connection)


def _said(error: psycopg.Error) -> str:
    """Its first line, without libpq's words about a URL that it cannot read: they quote it, password and all."""
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        return "postgres.url cannot be read"
    return str(error).splitlines()[0]


def _url(settings: Settings) -> str:
    if settings.postgres.url is not None:
        return settings.postgres.url.get_secret_value()
    return addresses.resolve(settings).postgres


def _require_tables(connection: psycopg.Connection[Any]) -> None:
    missing = [table for table in TABLES if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,)]
    if missing:
        raise UserError(f"the database has no table {', '.join(missing)}; run `tickerplant migrate`")
