"""What a PostgreSQL error means for the sink: the row is bad, the server is away, or something is wrong with us."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from runtime.errors import FatalError, TransientError
from sinks.store import StoreDown

# SQLSTATE classes. 22 data exception, 23 integrity constraint, 54 program limit (an index entry too large).
_ROW = ("22", "23", "54")
# 08 connection, 25 transaction state (a fail-over left us on a replica; an idle transaction was ended), 40 rollback (deadlock), 53 resources
# (disk, memory, connections), 55 not in a usable state (lock not available), 57 operator (shutdown, start-up, cancelled), 58 system (I/O).
_AWAY = ("08", "25", "40", "53", "55", "57", "58")


def is_row_error(error: psycopg.Error) -> bool:
    """True if the values are the reason: the same rows would fail for ever."""
    return (error.sqlstate or "")[:2] in _ROW


def is_away(error: psycopg.Error) -> bool:
    """True if trying again later makes sense. Without SQLSTATE the connection itself failed."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate[:2] in _AWAY


def said(error: psycopg.Error) -> str:
    """The error in one line, without the text that may quote postgres.url, password and all: libpq's about a URL that it cannot read."""
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        return "the client refuses the call; write postgres.url as postgresql://user:password@host:port/name"
    return " ".join(str(error).split())


@contextmanager
def translated() -> Iterator[None]:
    """Turns driver errors into StoreDown or FatalError; ours pass."""
    try:
        yield
    except (TransientError, FatalError):
        raise
    except psycopg.Error as error:
        if is_away(error):
            raise StoreDown(f"PostgreSQL: {said(error)}") from None
        raise FatalError(f"PostgreSQL refuses: {said(error)}") from None
