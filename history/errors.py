"""What goes wrong when history is read, in one line that the caller can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from runtime.errors import TransientError, UserError


class NoRows(UserError):
    """Nothing is stored for what was asked: an unknown symbol, source or timeframe, or a range without rows. Says what is known."""


@contextmanager
def translated() -> Iterator[None]:
    """Turns driver errors into UserError or TransientError (the same call may succeed later)."""
    try:
        yield
    except psycopg.errors.QueryCanceled:
        raise UserError(
            "the database gave up at statement_timeout_s: ask for a shorter range, or fewer rows a chunk, or allow more"
        ) from None
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedFunction) as error:
        raise UserError(f"{said(error)}: bring the tables up to date with `tickerplant migrate`") from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise TransientError(f"the database: {said(error)}") from None


def said(error: psycopg.Error) -> str:
    """Its first line, without libpq's words about a URL that it cannot read: they quote it, password and all."""
    if isinstance(error, psycopg.ProgrammingError) and error.sqlstate is None:
        return "the address cannot be read"
    return (str(error).splitlines() or ["no answer"])[0]
