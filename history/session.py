"""Connections that can only read: every statement has a time limit, every read sees one snapshot, from two connections where it is long."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.sql import SQL, Literal

from history.errors import said, translated
from runtime.errors import UserError

Connection = psycopg.Connection[Any]


class Session:
    """Opens a connection at once. Raises UserError if the database does not answer. Everything here may block on the database."""

    def __init__(self, url: str, statement_timeout_s: float, connect_timeout_s: float) -> None:
        if statement_timeout_s <= 0:
            raise UserError(f"statement_timeout_s {statement_timeout_s:g} is no limit; give a number of seconds above 0")
        self._url = url
        self._limits = (f"{round(statement_timeout_s * 1000)}ms", max(2, round(connect_timeout_s)))
        self._main = self._open()
        self._second: Connection | None = None

    def close(self) -> None:
        self._main.close()
        if self._second is not None:
            self._second.close()

    @contextmanager
    def snapshot(self, own: bool = False) -> Iterator[Connection]:
        """A transaction that sees one state of all tables. own: on a connection of its own, for a stream that its reader may leave open."""
        connection = self._open() if own else self._main
        try:
            with translated(), connection.transaction():
                yield connection
        finally:
            if own:
                connection.close()

    @contextmanager
    def beside(self, connection: Connection) -> Iterator[list[Connection]]:
        """The connection of a snapshot and a second one that sees the same, so that two of the server's processes can read; alone if it has no room for that."""
        if self._second is None or self._second.closed:
            try:
                self._second = self._open()
            except UserError:
                yield [connection]
                return
        snapshot: Any = connection.execute("SELECT pg_export_snapshot()").fetchone()
        with self._second.transaction():
            self._second.execute(SQL("SET TRANSACTION SNAPSHOT {}").format(Literal(snapshot[0])))
            yield [connection, self._second]

    def _open(self) -> Connection:
        statement_timeout, connect_timeout_s = self._limits
        try:
            connection = psycopg.connect(
                self._url,
                connect_timeout=connect_timeout_s,
                client_encoding="utf8",
                application_name="tickerplant history",
                autocommit=True,
            )
        except psycopg.Error as error:
            raise UserError(
                f"the database does not answer ({said(error)}); start the stack with `tickerplant up` or give its address"
            ) from None
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # The planner's choices for big reports, parallel workers and compiled expressions, cost more than they give on many small slices.
        settings = {
            "statement_timeout": statement_timeout,
            "default_transaction_read_only": "on",
            "timezone": "UTC",
            "jit": "off",
            "max_parallel_workers_per_gather": "0",
        }
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        return connection
