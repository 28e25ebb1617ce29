"""market_symbols and market_symbol_changes: which symbols there are, and what became of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Literal, NamedTuple

import psycopg

from runtime.errors import TransientError, UserError
from schemas.symbols import AssetClass, asset_class_of
from sinks.timescale.errors import said
from sinks.timescale.session import Connection, stage_of

AssetClasses = Mapping[str, AssetClass]  # by symbol, where its name does not tell: `process.asset_classes`
Change = Literal["renamed", "delisted", "listed"]
_STAGE = stage_of("market_ohlcv")
# The answer does not depend on the order in which bars come; symbols of two sinks are of different partitions, so neither waits for the other.
_NOTE = (
    "INSERT INTO market_symbols AS m (symbol, source, first_at, known_at_ns) "  # noqa: S608
    f'SELECT symbol, source, min("timestamp"), min(known_at_ns) FROM {_STAGE} GROUP BY symbol, source ORDER BY symbol, source '
    "ON CONFLICT (symbol, source) DO UPDATE SET first_at = least(m.first_at, excluded.first_at), "
    "known_at_ns = least(m.known_at_ns, excluded.known_at_ns) "
    "WHERE excluded.first_at < m.first_at OR excluded.known_at_ns < m.known_at_ns"
)
_UNCLASSED = "SELECT DISTINCT symbol FROM market_symbols WHERE asset_class = '' ORDER BY symbol"
_CLASSED = "SELECT DISTINCT symbol, asset_class FROM market_symbols ORDER BY symbol"
_CLASS = "UPDATE market_symbols SET asset_class = %s WHERE symbol = %s AND asset_class <> %s"
_ADD = "INSERT INTO market_symbol_changes VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
_LIST = (
    "SELECT symbol, source, asset_class, first_at, change, effective_at, renamed_to FROM market_symbols LEFT JOIN LATERAL ("
    "SELECT change, effective_at, renamed_to FROM market_symbol_changes AS c WHERE c.symbol = market_symbols.symbol AND c.source = market_symbols.source"
    " ORDER BY effective_at DESC, c.known_at_ns DESC LIMIT 1) AS last ON true ORDER BY symbol, source"
)


class Listing(NamedTuple):
    """A symbol at a source with its last change, None where there was none. asset_class: empty until a sink of this version has started."""

    symbol: str
    source: str
    asset_class: str
    first_at: datetime
    change: str | None
    effective_at: datetime | None
    renamed_to: str | None


def note_symbols(connection: Connection, asset_classes: AssetClasses) -> None:
    """Keeps the symbols of the bars in the stage table. Within the caller's transaction."""
    if connection.execute(_NOTE.encode()).rowcount:  # hardly ever: a new symbol, or bars from before its first one
        for (symbol,) in connection.execute(_UNCLASSED.encode()).fetchall():
            _set_class(connection, symbol, asset_classes)


def class_symbols(connection: Connection, asset_classes: AssetClasses) -> None:
    """Brings the classes of all symbols to what their names and the settings say. Within the caller's transaction."""
    for symbol, known in connection.execute(_CLASSED.encode()).fetchall():
        if known != asset_class_of(symbol, asset_classes):
            _set_class(connection, symbol, asset_classes)


def _set_class(connection: Connection, symbol: str, asset_classes: AssetClasses) -> None:
    found = asset_class_of(symbol, asset_classes)
    connection.execute(_CLASS.encode(), (found, symbol, found))


def listings(url: str) -> list[Listing]:
    """All symbols. Raises TransientError if the server does not answer, UserError if it has no tables."""
    with _asked(url) as connection:
        return [Listing(*row) for row in connection.execute(_LIST.encode())]


def add_change(
    url: str, symbol: str, source: str, change: Change, effective_at: datetime, known_at_ns: int, renamed_to: str | None = None
) -> bool:
    """Adds one change; False if it was there already. Raises TransientError, UserError if the values or the tables do not allow it."""
    with _asked(url) as connection:
        values = (symbol, source, change, effective_at, renamed_to, known_at_ns)
        return connection.execute(_ADD.encode(), values).rowcount == 1


@contextmanager
def _asked(url: str) -> Iterator[Connection]:
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5, application_name="tickerplant-symbols") as connection:
            yield connection
    except psycopg.errors.UndefinedTable:
        raise UserError("the tables are not there or of an older version; run `tickerplant migrate`") from None
    except psycopg.errors.CheckViolation:
        raise UserError("a rename needs another name than the old one, and a finite time") from None
    except psycopg.OperationalError as error:
        raise TransientError(f"PostgreSQL does not answer: {said(error)}") from error
