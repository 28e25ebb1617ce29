"""trading_signals: the newest revision of every composite signal."""

from collections.abc import Sequence

import msgspec

from runtime.stage import InputRecord
from schemas.codec import decode_signal
from sinks.timescale.rows import Block
from sinks.timescale.session import Connection
from sinks.timescale.staging import Upsert
from sinks.timescale.text import row, timestamp

COLUMNS = (
    "timestamp",
    "symbol",
    "source",
    "timeframe",
    "signal",
    "action",
    "score",
    "confidence",
    "decided_by",
    "resolution",
    "status",
    "components",
    "close_price",
    "revision",
    "bar_revision",
    "bar_kind",
    "bar_quality",
    "ts_open_ns",
    "ts_close_ns",
    "known_at_ns",
    "valid_until_ns",
    "is_primary",
    "primary_epoch",
)
_KEY = ("symbol", "source", "timeframe", "timestamp")
_UPSERT = Upsert("trading_signals", COLUMNS, _KEY, newest="{row}.revision", history="trading_signals_history")


class SignalWriter:
    """A row a signal, hold included."""

    table = "trading_signals"
    upsert = _UPSERT

    def block(self, record: InputRecord) -> Block:
        signal = decode_signal(record.value)
        values = (
            timestamp(signal.ts_open_ns),
            signal.symbol,
            signal.source,
            signal.timeframe,
            signal.signal,
            signal.action,
            signal.score,
            signal.confidence,
            signal.decided_by,
            signal.resolution,
            signal.status,
            msgspec.to_builtins(signal.components),
            signal.close,
            signal.revision,
            signal.bar_revision,
            signal.bar_kind,
            signal.bar_quality,
            signal.ts_open_ns,
            signal.ts_close_ns,
            signal.known_at_ns,
            signal.valid_until_ns,
            signal.primary,
            signal.primary_epoch,
        )
        return Block(row(values), 1)

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        return _UPSERT.write(connection, text, rows)
