"""market_quality: what validate saw of a source and symbol, window by window."""

from collections.abc import Sequence

from runtime.stage import InputRecord
from schemas.codec import decode_quality
from sinks.timescale.rows import Block
from sinks.timescale.session import Connection
from sinks.timescale.staging import Upsert
from sinks.timescale.text import row, timestamp

COLUMNS = (
    "timestamp",
    "symbol",
    "source",
    "total",
    "valid",
    "invalid",
    "duplicate",
    "out_of_order",
    "gaps",
    "latency_average_ns",
    "latency_p99_ns",
    "quality_score",
    "reasons",
    "ts_from_ns",
    "ts_to_ns",
    "is_primary",
    "primary_epoch",
)
_UPSERT = Upsert("market_quality", COLUMNS, ("symbol", "source", "timestamp"))


class QualityWriter:
    """A row a window; the first one stays, so that a replay of the same records, all of them repeats to validate, spoils nothing."""

    table = "market_quality"
    upsert = _UPSERT

    def block(self, record: InputRecord) -> Block:
        event = decode_quality(record.value)
        values = (
            timestamp(event.ts_from_ns),
            event.symbol,
            event.source,
            event.total,
            event.valid,
            event.invalid,
            event.duplicate,
            event.out_of_order,
            event.gaps,
            event.latency_average_ns,
            event.latency_p99_ns,
            event.score,
            event.reasons,
            event.ts_from_ns,
            event.ts_to_ns,
            event.primary,
            event.primary_epoch,
        )
        return Block(row(values), 1)

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        return _UPSERT.write(connection, text, rows)
