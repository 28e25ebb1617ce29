"""The statement that reads a chunk: one row a slice, which holds the slice's rows column by column.

Integers and floats travel as the server's binary arrays, which the client takes over as they are; everything else as text, a line a row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg.sql import SQL, Composable, Identifier

from history.columns import Column, Kind

_SLICES = SQL("""
    SELECT packed.*
    FROM generate_series(%(from)s, %(to)s - interval '1 microsecond', %(slice)s) AS slice(start)
    CROSS JOIN LATERAL (SELECT {columns} FROM (SELECT {fields} FROM {rows} ORDER BY {order}) AS sorted) AS packed
""")
_END = SQL("least(slice.start + %(slice)s, %(to)s)")
_SERIES = ("symbol", "source", "timeframe")


@dataclass(frozen=True, slots=True)
class Question:
    """What to read of one series. timeframe: None for ticks. as_of: None for the newest. where: more columns that must have one of the values."""

    kind: Kind
    symbol: str
    source: str
    timeframe: str | None
    columns: tuple[Column, ...]
    as_of: Any = None
    as_of_ns: int | None = None
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def parameters(self) -> dict[str, Any]:
        """Everything but the range."""
        more = {f"where_{name}": list(values) for name, values in self.where.items()}
        return {
            "symbol": self.symbol,
            "source": self.source,
            "timeframe": self.timeframe,
            "as_of": self.as_of,
            "as_of_ns": self.as_of_ns,
            **more,
        }


def statement(question: Question) -> Composable:
    """Takes the question's parameters and from, to, slice. Answers with a value a column a slice: NULLs where it has no rows."""
    fields = SQL(", ").join(SQL("{} AS {}").format(_field(column), Identifier(f"c_{column.name}")) for column in question.columns)
    columns = SQL(", ").join(_packed(column) for column in question.columns)
    return _SLICES.format(columns=columns, fields=fields, rows=_rows(question), order=SQL(question.kind.order))


def _packed(column: Column) -> Composable:
    packing = "array_agg({})" if column.is_binary else "string_agg({}, E'\\n')"
    return SQL(packing).format(Identifier(f"c_{column.name}"))


def _field(column: Column) -> Composable:
    """string_agg leaves NULLs out, which would move the rows after them."""
    if column.is_binary:
        return SQL(column.expression if column.kind == "float" else f"({column.expression})::bigint")
    text = f"({column.expression})::text"
    if column.kind == "flag":
        text = f"CASE WHEN {column.expression} THEN 't' ELSE 'f' END"
    if column.kind == "free_text":
        text = f"""'"' || replace({text}, '"', '""') || '"'"""
    return SQL(f"coalesce({text}, '')" if column.nullable else text)  # expressions are constants of ours


def _rows(question: Question) -> Composable:
    kind = question.kind
    more = [SQL("{} = ANY(%(where_{})s)").format(Identifier(name), SQL(name)) for name in question.where]
    if question.as_of is not None and kind.as_of:
        called = SQL("{}(%(symbol)s, %(source)s, %(timeframe)s, slice.start, {}, %(as_of)s)").format(Identifier(kind.as_of), _END)
        return SQL("{} WHERE {}").format(called, SQL(" AND ").join([SQL("true"), *more]))
    same = [SQL(f"{name} = %({name})s") for name in _SERIES if name != "timeframe" or question.timeframe is not None]
    bounds = [SQL('"timestamp" >= slice.start'), SQL('"timestamp" < {}').format(_END)]
    if question.as_of is not None:
        bounds.append(SQL("ts_ingest_ns <= %(as_of_ns)s"))
    return SQL("{} WHERE {}").format(Identifier(kind.table), SQL(" AND ").join([*same, *bounds, *more]))
