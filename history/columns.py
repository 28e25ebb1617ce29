"""What can be read: the four kinds of rows, their columns as a backtest names them, and where each stands in the tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runtime.errors import UserError

# time: integer nanoseconds in the table, UTC timestamps in results. number: numeric, exact or float64 as asked.
ColumnKind = Literal["time", "number", "float", "integer", "flag", "text", "free_text"]


@dataclass(frozen=True, slots=True)
class Column:
    """expression: SQL of one table row, our own text only. free_text may hold any character, so it is quoted on its way."""

    name: str
    expression: str
    kind: ColumnKind
    nullable: bool = False

    @property
    def is_binary(self) -> bool:
        """Travels as eight bytes a row; everything else as text."""
        return self.kind in ("time", "integer", "float") and not self.nullable


@dataclass(frozen=True, slots=True)
class Kind:
    """table: its name. as_of: the SQL function that answers as of a time, empty for rows that never change. order: SQL of the order of results."""

    name: str
    table: str
    as_of: str
    order: str
    columns: tuple[Column, ...]
    default: tuple[str, ...]

    def chosen(self, names: Sequence[str] | None) -> tuple[Column, ...]:
        """The named columns in that order, timestamp always first. Raises UserError for one that is not known."""
        known = {column.name: column for column in self.columns}
        wanted = dict.fromkeys(("timestamp", *(self.default if names is None else names)))
        if unknown := [name for name in wanted if name not in known]:
            raise UserError(f"{self.name} have no column {', '.join(unknown)}; there are {', '.join(known)}")
        return tuple(known[name] for name in wanted)


def _same(names: str, kind: ColumnKind, nullable: bool = False) -> tuple[Column, ...]:
    return tuple(Column(name, name, kind, nullable) for name in names.split())


def _prices(names: str) -> tuple[Column, ...]:
    return tuple(Column(name, f"{name}_price", "number") for name in names.split())


_TIME = Column("timestamp", "ts_open_ns", "time")
_KNOWN = Column("known_at", "known_at_ns", "time")
_CLOSES = Column("close_time", "ts_close_ns", "time")
_QUALITY = Column("quality", "quality_score", "float")
_REASONS = Column("reasons", "array_to_string(reasons, ' ')", "text")
_OF_BAR = (*_same("bar_revision", "integer"), *_same("bar_kind", "text"), *_same("bar_quality", "float"), *_prices("close"))
_PRIMARY = (Column("primary", "is_primary", "flag"), *_same("primary_epoch", "integer"))

BARS = Kind(
    "bars",
    "market_ohlcv",
    "ohlcv_as_of_unsorted",
    '"timestamp"',
    (
        _TIME,
        *_prices("open high low close"),
        *_same("volume quote_volume vwap", "number"),
        *_same("trade_count revision", "integer"),
        *_same("kind", "text"),
        *(_QUALITY, _REASONS, _CLOSES, _KNOWN, *_PRIMARY),
        *_same("price_basis", "text"),
        *_same("quote_count", "integer"),
        *_same("bid_open bid_high bid_low bid_close ask_open ask_high ask_low ask_close", "number", True),
    ),
    ("open", "high", "low", "close", "volume", "known_at"),
)
TICKS = Kind(
    "ticks",
    "market_ticks",
    "",
    "ts_event_ns, seq",
    (
        Column("timestamp", "ts_event_ns", "time"),
        Column("known_at", "ts_ingest_ns", "time"),
        *_same("kind", "text"),
        *_same("price volume", "number", True),
        *_same("side", "text", True),
        *_same("trade_id", "free_text", True),
        *_same("bid bid_size ask ask_size", "number", True),
        *_same("update_id", "integer", True),
        *_same("seq", "integer"),
        *(_QUALITY, _REASONS, *_PRIMARY),
        *_same("filled event_time_is_receive", "flag"),
    ),
    ("kind", "price", "volume", "side", "bid", "bid_size", "ask", "ask_size", "seq", "known_at"),
)
INDICATORS = Kind(
    "indicators",
    "technical_indicators",
    "indicators_as_of_unsorted",
    '"timestamp", indicator_name, output',
    (
        _TIME,
        Column("name", "indicator_name || '.' || output", "text"),
        *_same("value", "float"),
        *_same("warm", "flag"),
        *_same("minimum_bars seed_bars revision", "integer"),
        Column("parameters", "parameters::text", "free_text"),
        *(*_OF_BAR, _CLOSES, _KNOWN, *_PRIMARY),
    ),
    ("name", "value", "warm", "known_at"),
)
SIGNALS = Kind(
    "signals",
    "trading_signals",
    "signals_as_of_unsorted",
    '"timestamp"',
    (
        _TIME,
        *_same("signal", "integer"),
        *_same("action status decided_by resolution", "text"),
        *_same("score confidence", "float"),
        *_same("revision", "integer"),
        Column("components", "components::text", "free_text"),
        *(*_OF_BAR, _CLOSES, Column("valid_until", "valid_until_ns", "time"), _KNOWN, *_PRIMARY),
    ),
    ("signal", "action", "status", "score", "confidence", "decided_by", "close", "valid_until", "known_at"),
)
