"""What the tables hold: series, and the span of each; and what to say to who asked for something else."""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.sql import SQL, Identifier

from history.columns import BARS, TICKS, Kind
from history.errors import NoRows
from history.session import Connection
from runtime.errors import UserError
from schemas.timeframes import Timeframe

SHOWN = 12
# Jumps from key to key along the index: time grows with the number of series, not of rows.
_KEYS = SQL("""
    WITH RECURSIVE keys AS (
        (SELECT symbol, source, timeframe FROM {table} ORDER BY 1, 2, 3 LIMIT 1)
        UNION ALL
        SELECT following.* FROM keys CROSS JOIN LATERAL (
            SELECT t.symbol, t.source, t.timeframe FROM {table} AS t
            WHERE (t.symbol, t.source, t.timeframe) > (keys.symbol, keys.source, keys.timeframe) ORDER BY 1, 2, 3 LIMIT 1
        ) AS following
    )
    SELECT symbol, source, timeframe FROM keys
""")


class Series(NamedTuple):
    """timeframe: empty for ticks."""

    symbol: str
    source: str
    timeframe: str


def series(connection: Connection, kind: Kind) -> list[Series]:
    """All, in order. Of ticks it reads the whole table unless bars stand for them: their key begins with the time."""
    if kind is not TICKS:
        return [Series(*row) for row in connection.execute(_KEYS.format(table=Identifier(kind.table))).fetchall()]
    known = {(known.symbol, known.source) for known in series(connection, BARS)}
    known = known or set(connection.execute("SELECT DISTINCT symbol, source FROM market_ticks").fetchall())
    return [Series(symbol, source, "") for symbol, source in sorted(known)]


def only_source(connection: Connection, kind: Kind, symbol: str) -> str:
    """The source of the symbol. Raises UserError where there are several, NoRows where there is none."""
    known = series(connection, kind)
    sources = sorted({one.source for one in known if one.symbol == symbol})
    if len(sources) > 1:
        raise UserError(f"{symbol} has {kind.name} of several sources; name one with source=: {_list(sources)}")
    if not sources:
        raise _unknown_symbol(kind, known, symbol)
    return sources[0]


def span(connection: Connection, kind: Kind, symbol: str, source: str, timeframe: str | None) -> tuple[datetime, datetime]:
    """Times of the first and the last row. Raises NoRows, which says what is known instead."""
    query = SQL('SELECT min("timestamp"), max("timestamp") FROM {} WHERE symbol = %s AND source = %s').format(Identifier(kind.table))
    parameters = [symbol, source]
    if timeframe is not None:
        query, parameters = query + SQL(" AND timeframe = %s"), [*parameters, timeframe]
    row: Any = connection.execute(query, parameters).fetchone()
    if row[0] is None:
        raise _nothing(kind, series(connection, kind), symbol, source, timeframe)
    return row[0], row[1]


def unfilled(connection: Connection, symbol: str, source: str, start_ns: int, end_ns: int) -> list[tuple[int, int]]:
    """(from_ns, to_ns) of gaps that touch the range and are not filled."""
    query = """SELECT from_ns, to_ns FROM market_gaps
        WHERE symbol = %s AND source = %s AND state <> 'filled' AND from_ns < %s AND to_ns >= %s ORDER BY from_ns, to_ns"""
    return [(from_ns, to_ns) for from_ns, to_ns in connection.execute(query, (symbol, source, end_ns, start_ns)).fetchall()]


def timeframe_named(text: str) -> Timeframe:
    try:
        return Timeframe(text)
    except ValueError:
        raise UserError(f"there is no timeframe {text}; there are {', '.join(Timeframe)}") from None


def _nothing(kind: Kind, known: list[Series], symbol: str, source: str, timeframe: str | None) -> NoRows:
    of_symbol = [one for one in known if one.symbol == symbol]
    if not of_symbol:
        return _unknown_symbol(kind, known, symbol)
    of_source = [one for one in of_symbol if one.source == source]
    if not of_source:
        return NoRows(f"no {kind.name} of {symbol} from {source}; there are some from {_list(one.source for one in of_symbol)}")
    if timeframe is None:
        return NoRows(f"no {kind.name} of {symbol} from {source}")
    return NoRows(f"no {timeframe} {kind.name} of {symbol} from {source}; there are some of {_list(one.timeframe for one in of_source)}")


def _unknown_symbol(kind: Kind, known: list[Series], symbol: str) -> NoRows:
    there = f"there are some of {_list(one.symbol for one in known)}" if known else "the tables are empty"
    return NoRows(f"no {kind.name} of {symbol}; {there}")


def _list(names: Any) -> str:
    distinct = list(dict.fromkeys(names))
    more = f" and {len(distinct) - SHOWN} more" if len(distinct) > SHOWN else ""
    return ", ".join(distinct[:SHOWN]) + more
