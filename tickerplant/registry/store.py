"""The table market_source_registry."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import class_row

from runtime.errors import UserError
from sinks.timescale.errors import said

_COLUMNS = "provider, enabled, priority, restarted_ns, credential, credential_at, tested_at, test_passed, test_said, changed_ns"
_ALL = f"SELECT {_COLUMNS} FROM market_source_registry ORDER BY provider"  # noqa: S608
_LOCKED = f"SELECT {_COLUMNS} FROM market_source_registry WHERE provider = %s FOR UPDATE"  # noqa: S608
_PUT = (
    "INSERT INTO market_source_registry (provider, enabled, priority, restarted_ns, changed_ns) VALUES (%s, %s, %s, %s, %s) "
    "ON CONFLICT (provider) DO UPDATE SET enabled = excluded.enabled, priority = excluded.priority, "
    "restarted_ns = excluded.restarted_ns, changed_ns = excluded.changed_ns"
)
_CREDENTIAL = "UPDATE market_source_registry SET credential = %s, credential_at = now() WHERE provider = %s"
_TESTED = "UPDATE market_source_registry SET tested_at = now(), test_passed = %s, test_said = %s WHERE provider = %s"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row. priority: None for that of the settings. credential: a token of the vault, None if none is stored."""

    provider: str
    enabled: bool
    priority: int | None
    restarted_ns: int
    credential: str | None
    credential_at: datetime | None
    tested_at: datetime | None
    test_passed: bool | None
    test_said: str | None
    changed_ns: int


class Registry:
    """Within one transaction, which ends with the block of `registry_at`."""

    def __init__(self, connection: "psycopg.Connection[Entry]") -> None:
        self._connection = connection

    def entries(self) -> dict[str, Entry]:
        """All, by provider."""
        return {entry.provider: entry for entry in self._connection.execute(_ALL)}

    def locked(self, provider: str) -> Entry | None:
        """The provider's, which nobody else changes until the transaction ends."""
        return self._connection.execute(_LOCKED, (provider,)).fetchone()

    def put(self, provider: str, enabled: bool, priority: int | None, restarted_ns: int, changed_ns: int) -> None:
        """Adds the provider, or changes what is said of it; its credential stays."""
        self._connection.execute(_PUT, (provider, enabled, priority, restarted_ns, changed_ns))

    def keep_credential(self, provider: str, token: str) -> None:
        self._connection.execute(_CREDENTIAL, (token, provider))

    def keep_test(self, provider: str, passed: bool, said: str) -> None:
        """Does nothing for a provider that was not added."""
        self._connection.execute(_TESTED, (passed, said, provider))


@contextmanager
def registry_at(url: str) -> Iterator[Registry]:
    """Commits at the end of the block. Raises UserError if the server does not answer or has no table."""
    try:
        with psycopg.connect(url, connect_timeout=5, application_name="tickerplant-sources", row_factory=class_row(Entry)) as connection:
            yield Registry(connection)
    except psycopg.errors.UndefinedTable:
        raise UserError("the tables are not there or of an older version; run `tickerplant migrate`") from None
    except psycopg.OperationalError as error:
        raise UserError(f"PostgreSQL does not answer: {said(error)}") from None
