"""A database of its own for one measurement, with all tables, on any PostgreSQL that lets us make one."""

import math
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from sinks.timescale.migrations import apply_migrations


class OwnDatabase:
    """`url` inside a `with` block; dropped at its end. server: URL of any database of the server."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._name = f"bench_{uuid4().hex[:10]}"
        self.url = urlsplit(server)._replace(path=f"/{self._name}").geturl()

    def __enter__(self) -> Self:
        self._execute(f"CREATE DATABASE {self._name}")
        apply_migrations(self.url)
        self.query("CHECKPOINT")
        return self

    def __exit__(self, *_: object) -> None:
        self._execute(f"DROP DATABASE {self._name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement.encode())

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def version(self) -> str:
        """As `PostgreSQL 18.4, TimescaleDB 2.30.0`."""
        [(server,)] = self.query("SELECT 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)")
        extension = self.query("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'")
        return f"{server}, TimescaleDB {extension[0][0]}" if extension else str(server)

    def server_pid(self) -> int:
        """Of the server's first process, where it runs on this machine under our eyes; 0 elsewhere."""
        [(folder,)] = self.query("SELECT current_setting('data_directory')")
        try:
            return int((Path(folder) / "postmaster.pid").read_text().split()[0])
        except OSError:
            return 0

    def moved_records(self) -> int:
        """How far the TimescaleDB sink has come, all topics together; 0 before it has begun."""
        return int(self.query("SELECT coalesce(sum(next_offset), 0) FROM kafka_offsets")[0][0])

    def tick_bytes(self) -> tuple[float, float]:
        """Bytes of a stored tick with its index, and the same once chunks have become columns: nan where the server has no such thing."""
        [(rows,)] = self.query("SELECT count(*) FROM market_ticks")
        if "TimescaleDB" not in self.version():
            return self._bytes("pg_total_relation_size('market_ticks')") / rows, math.nan
        before = self._bytes("hypertable_size('market_ticks')") / rows
        self.query("SELECT compress_chunk(chunk) FROM show_chunks('market_ticks') AS chunk")
        return before, self._bytes("hypertable_size('market_ticks')") / rows

    def _bytes(self, function: str) -> float:
        return float(self.query(f"SELECT {function}")[0][0])
