"""The state of each symbol's backfills, in PostgreSQL: for people, and for whoever schedules them. What is fetched again is decided by the files."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

import psycopg

from runtime.errors import TransientError, UserError
from sinks.timescale.errors import said
from tickerplant.backfill.ask import Ask

State = Literal["in_progress", "completed", "failed"]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTE = """INSERT INTO market_backfills (source, symbol, timeframe, from_at, to_at, provider, state, reached_at, rows, error)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (source, symbol, timeframe, from_at, to_at) DO UPDATE SET provider = excluded.provider, state = excluded.state,
    reached_at = excluded.reached_at, rows = excluded.rows, error = excluded.error, updated_at = now()"""
_LIST = """SELECT provider, source, symbol, timeframe, state, from_at, to_at, reached_at, rows, error, started_at, updated_at
    FROM market_backfills ORDER BY updated_at DESC, source, symbol, timeframe, from_at LIMIT %s"""


class Backfill(NamedTuple):
    """One symbol's. timeframe: `trades` or that of its bars. reached_at: up to where it is fetched; rows: of events so far."""

    provider: str
    source: str
    symbol: str
    timeframe: str
    state: str
    from_at: datetime
    to_at: datetime
    reached_at: datetime
    rows: int
    error: str
    started_at: datetime
    updated_at: datetime


class Notes:
    """One connection. Every method blocks; raises TransientError, and UserError where the tables are not there."""

    def __init__(self, url: str) -> None:
        with _told():
            self._connection = psycopg.connect(url, connect_timeout=5, autocommit=True, application_name="tickerplant-backfill")

    def note(self, ask: Ask, symbol: str, state: State, reached_ns: int, rows: int, error: str = "") -> None:
        span = ask.span
        values = (
            ask.source,
            symbol,
            ask.what,
            moment(span.from_ns),
            moment(span.to_ns),
            ask.provider,
            state,
            moment(reached_ns),
            rows,
            error,
        )
        with _told():
            self._connection.execute(_NOTE.encode(), values)

    def newest(self, limit: int) -> list[Backfill]:
        """The last that moved first."""
        with _told():
            return [Backfill(*row) for row in self._connection.execute(_LIST.encode(), (limit,)).fetchall()]

    def close(self) -> None:
        self._connection.close()


def moment(at_ns: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at_ns // 1000)


@contextmanager
def _told() -> Iterator[Any]:
    try:
        yield
    except psycopg.errors.UndefinedTable:
        raise UserError("the tables are not there or of an older version; run `tickerplant migrate`") from None
    except psycopg.Error as error:
        raise TransientError(f"PostgreSQL does not answer: {said(error)}") from error
