"""technical_indicators: a row an output of an indicator, the newest revision of each."""

from collections.abc import Iterator, Sequence
from typing import Any

from runtime.stage import InputRecord
from schemas.codec import decode_indicators
from schemas.indicators import IndicatorRecord
from sinks.timescale.rows import Block
from sinks.timescale.session import Connection
from sinks.timescale.staging import Upsert
from sinks.timescale.text import row, timestamp

COLUMNS = (
    "timestamp",
    "symbol",
    "source",
    "timeframe",
    "indicator_name",
    "output",
    "value",
    "parameters",
    "warm",
    "minimum_bars",
    "seed_bars",
    "revision",
    "bar_revision",
    "bar_kind",
    "bar_quality",
    "close_price",
    "ts_open_ns",
    "ts_close_ns",
    "known_at_ns",
    "is_primary",
    "primary_epoch",
)
_KEY = ("symbol", "source", "timeframe", "indicator_name", "output", "timestamp")
_UPSERT = Upsert("technical_indicators", COLUMNS, _KEY, newest="{row}.revision", history="technical_indicators_history")


class IndicatorWriter:
    """Outputs that cannot be computed yet are absent from the record and have no row."""

    table = "technical_indicators"
    upsert = _UPSERT

    def block(self, record: InputRecord) -> Block:
        rows = [row(values) for values in _rows(decode_indicators(record.value))]
        return Block(b"".join(rows), len(rows))

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        return _UPSERT.write(connection, text, rows)


def _rows(event: IndicatorRecord) -> Iterator[tuple[Any, ...]]:
    start = (timestamp(event.ts_open_ns), event.symbol, event.source, event.timeframe)
    end = (
        event.seed_bars,
        event.revision,
        event.bar_revision,
        event.bar_kind,
        event.bar_quality,
        event.close,
        event.ts_open_ns,
        event.ts_close_ns,
        event.known_at_ns,
        event.primary,
        event.primary_epoch,
    )
    for name, indicator in event.indicators.items():
        for output, value in indicator.values.items():
            yield (*start, name, output, value, indicator.parameters, indicator.warm, indicator.minimum_bars, *end)
