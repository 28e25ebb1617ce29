"""market_ohlcv: the newest revision of every bar."""

from collections.abc import Sequence

from msgspec import structs

from runtime.stage import InputRecord
from schemas.codec import decode_bar
from sinks.timescale.rows import Block
from sinks.timescale.session import Connection
from sinks.timescale.staging import Upsert
from sinks.timescale.symbols import note_symbols
from sinks.timescale.text import row, timestamp

COLUMNS = (
    "timestamp",
    "symbol",
    "source",
    "timeframe",
    "open_price",
    "high_price",
    "low_price",
    "close_price",
    "volume",
    "quote_volume",
    "vwap",
    "trade_count",
    "kind",
    "revision",
    "quality_score",
    "reasons",
    "ts_open_ns",
    "ts_close_ns",
    "known_at_ns",
    "is_primary",
    "primary_epoch",
    "price_basis",
    "quote_count",
    "bid_open",
    "bid_high",
    "bid_low",
    "bid_close",
    "ask_open",
    "ask_high",
    "ask_low",
    "ask_close",
)
_NO_SIDES = (None,) * 8
_KEY = ("symbol", "source", "timeframe", "timestamp")
_UPSERT = Upsert("market_ohlcv", COLUMNS, _KEY, newest="{row}.revision", history="market_ohlcv_history")


class BarWriter:
    """A row a bar."""

    table = "market_ohlcv"

    def block(self, record: InputRecord) -> Block:
        bar = decode_bar(record.value)
        values = (
            timestamp(bar.ts_open_ns),
            bar.symbol,
            bar.source,
            bar.timeframe,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            bar.quote_volume,
            bar.vwap,
            bar.trade_count,
            bar.kind,
            bar.revision,
            bar.quality,
            bar.reasons,
            bar.ts_open_ns,
            bar.ts_close_ns,
            bar.known_at_ns,
            bar.primary,
            bar.primary_epoch,
            bar.price_basis,
            bar.quote_count,
            *(structs.astuple(bar.sides) if bar.sides else _NO_SIDES),
        )
        return Block(row(values), 1)

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        changed = _UPSERT.write(connection, text, rows)
        if changed:
            note_symbols(connection)
        return changed
