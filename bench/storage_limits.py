"""What others do with the same rows: a plain COPY of a file that is there, the limit of any sink, and INSERT ... ON CONFLICT in batches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from bench.own_database import OwnDatabase
from bench.sink_speed import Run, measured
from bench.stage_cores import START_NS
from bench.tick_writer import SOURCE
from schemas.ticks import TickEnvelope, Trade
from sinks.timescale.ticks import COLUMNS, tick_rows

_SYMBOLS = 400
_EVENT_TICKS_PER_S = 8_000
_BATCH_ROWS = 1_000
_PIECE_BYTES = 1_000_000
_COLUMNS = ", ".join(f'"{column}"' for column in COLUMNS)
_COPY = f"COPY market_ticks ({_COLUMNS}) FROM STDIN WITH (NULL '')"
_INSERT = f"INSERT INTO market_ticks ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(COLUMNS))}) ON CONFLICT DO NOTHING"


def copy(database: OwnDatabase, file: Path, rows: int) -> Run:
    """A file of COPY text in one COPY. The file is made before and deleted after."""
    with file.open("wb") as target:
        for ticks in trades(rows):
            target.write(tick_rows(TickEnvelope(SOURCE, 0, ticks), plain=True))
    try:
        with psycopg.connect(database.url) as connection:  # it stays until the server's time was read
            return measured(lambda: _copy(connection, file), rows, database.server_pid())
    finally:
        file.unlink()


def _copy(connection: psycopg.Connection[Any], file: Path) -> None:
    with connection.cursor() as cursor, cursor.copy(_COPY.encode()) as target, file.open("rb") as source:
        while piece := source.read(_PIECE_BYTES):
            target.write(piece)
    connection.commit()


def insert(database: OwnDatabase, rows: int) -> Run:
    """psycopg's executemany, which sends a batch without waiting for each answer, a transaction a batch."""
    batches = [[_fields(line) for line in tick_rows(TickEnvelope(SOURCE, 0, ticks)).split(b"\n")[:-1]] for ticks in trades(rows)]
    with psycopg.connect(database.url) as connection:
        return measured(lambda: _insert(connection, batches), rows, database.server_pid())


def _fields(line: bytes) -> list[str | None]:
    return [field or None for field in line.decode().split("\t")]


def _insert(connection: psycopg.Connection[Any], batches: list[list[list[str | None]]]) -> None:
    with connection.cursor() as cursor:
        for batch in batches:
            cursor.executemany(_INSERT.encode(), batch)
            connection.commit()


def trades(rows: int) -> Iterator[list[Any]]:
    """In batches."""
    for first in range(0, rows, _BATCH_ROWS):
        yield [_trade(number) for number in range(first, min(rows, first + _BATCH_ROWS))]


def _trade(number: int) -> Trade:
    """As the trades of tick_source, in the order of time."""
    seq, symbol = divmod(number, _SYMBOLS)
    ts_ns = START_NS + number * 1_000_000_000 // _EVENT_TICKS_PER_S
    return Trade(f"S{symbol}-USD", f"100.{number % 90 + 10}", f"1.{number % 90_000 + 10_000}", ts_ns, ts_ns, seq + 1, "buy", seq=seq + 1)
