"""What an error of PostgreSQL means for the sink."""

import psycopg
import pytest
from psycopg import errors

from runtime.errors import FatalError
from sinks.store import StoreDown
from sinks.timescale.errors import is_row_error, translated


@pytest.mark.parametrize(
    "error",
    [
        errors.NumericValueOutOfRange(),
        errors.CharacterNotInRepertoire(),
        errors.NotNullViolation(),
        errors.CheckViolation(),
        errors.ProgramLimitExceeded(),
    ],
)
def test_values_that_fail_for_ever(error: psycopg.Error) -> None:
    assert is_row_error(error)


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("server closed the connection unexpectedly"),
        psycopg.InterfaceError("the connection is closed"),
        errors.AdminShutdown(),
        errors.CannotConnectNow(),
        errors.DeadlockDetected(),
        errors.DiskFull(),
        errors.TooManyConnections(),
        errors.ReadOnlySqlTransaction(),
        errors.QueryCanceled(),
    ],
)
def test_servers_that_are_away(error: psycopg.Error) -> None:
    assert not is_row_error(error)
    with pytest.raises(StoreDown), translated():
        raise error


@pytest.mark.parametrize("error", [errors.UndefinedTable(), errors.InsufficientPrivilege(), psycopg.ProgrammingError("a bug of ours")])
def test_what_is_wrong_with_us_stops_loudly(error: psycopg.Error) -> None:
    with pytest.raises(FatalError), translated():
        raise error
