"""market_ticks: appended by COPY of text that is built here, the hot path of the sink."""

from collections.abc import Sequence
from typing import Any

import psycopg

from runtime.stage import InputRecord
from schemas.codec import decode_ticks
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from sinks.timescale.horizon import KEPT_FOR_EVER, Horizon
from sinks.timescale.rows import Block
from sinks.timescale.session import Connection, copy_text
from sinks.timescale.staging import Upsert
from sinks.timescale.text import array, encoded, row, second, timestamp

# In this order what mostly stays the same from row to row stands together, and is written as one constant.
COLUMNS = (
    "timestamp",
    "ts_event_ns",
    "ts_ingest_ns",
    "symbol",
    "seq",
    "source",
    "kind",
    "price",
    "volume",
    "side",
    "trade_id",
    "bid",
    "bid_size",
    "ask",
    "ask_size",
    "update_id",
    "quality_score",
    "reasons",
    "event_time_is_receive",
    "filled",
    "is_primary",
    "primary_epoch",
)
# An empty field is NULL: so ordinary rows hold no backslash at all.
_UPSERT = Upsert("market_ticks", COLUMNS, ("timestamp", "symbol", "source", "seq"), null="")
_NANOSECONDS = 9  # digits
_TO_MICROSECONDS = -3
_SECONDS_KEPT = 4096
_NO_TRADE = ("",) * 4
_NO_QUOTE = ("",) * 5


class TickWriter:
    """Appends; a batch with a key that is there already goes through a stage table instead, as long as repeats keep coming."""

    table = "market_ticks"
    upsert = _UPSERT

    def __init__(self, horizon: Horizon = KEPT_FOR_EVER) -> None:
        self._horizon = horizon
        self._expect_repeats = False

    def block(self, record: InputRecord) -> Block:
        """A row a tick; a watermark has none."""
        event = decode_ticks(record.value)
        if isinstance(event, Watermark):
            return Block(b"", 0)
        expired = self._horizon.expired_ticks(event.ticks)
        if expired:
            event.ticks = [tick for index, tick in enumerate(event.ticks) if index not in expired]
        # JSON must escape what COPY must escape: without a backslash no text in it holds a tab, a newline or a backslash. One scan at memory speed.
        text = tick_rows(event, plain=b"\\" not in record.value)
        return Block(text, len(event.ticks), event.source, event.ts_receive_ns, expired)

    def write(self, connection: Connection, text: Sequence[bytes], rows: int) -> int:
        if not self._expect_repeats:
            try:
                with connection.transaction():
                    copy_text(connection, _UPSERT.copy, text)
                return rows
            except psycopg.errors.UniqueViolation:
                pass  # a replay, or a batch whose commit was not heard of
        inserted = _UPSERT.write(connection, text, rows)
        self._expect_repeats = inserted < rows
        return inserted


def tick_rows(envelope: TickEnvelope, *, plain: bool = False) -> bytes:
    """COPY text of an envelope, a line a tick in its order. plain: no text in it holds a control character or a backslash."""
    if plain:
        try:
            return encoded("".join(_plain_lines(envelope.source, envelope.ticks)))
        except _BeforeFirstSecond:
            pass
    return b"".join([row(_values(envelope.source, tick)) for tick in envelope.ticks])


class _BeforeFirstSecond(Exception):
    """A time before 1970-01-01 00:00:01, whose digits do not split into seconds and nanoseconds."""


class _Seconds(dict[str, str]):
    """Digits of a second since 1970 to what the timestamp begins with."""

    def __missing__(self, digits: str) -> str:
        if not digits or digits[0] == "-":
            raise _BeforeFirstSecond
        if len(self) >= _SECONDS_KEPT:
            self.clear()
        start = self[digits] = second(int(digits))
        return start


_SECONDS = _Seconds()


def _plain_lines(source: str, ticks: list[Any]) -> list[str]:
    """0.7 us a row; a line written out for each kind, because a call a field would double that. Gives what `_values` gives."""
    return [_trade_line(source, tick) if tick.__class__ is Trade else _quote_line(source, tick) for tick in ticks]


def _trade_line(source: str, trade: Trade) -> str:
    ts = str(trade.ts_event_ns)
    usual = not trade.reasons and trade.quality == 1.0 and trade.primary and not trade.primary_epoch and not trade.filled
    end = "1.0\t{}\tf\tf\tt\t0\n" if usual else _marks(trade, "f", trade.filled)
    return (
        f"{_SECONDS[ts[:-_NANOSECONDS]]}{ts[-_NANOSECONDS:_TO_MICROSECONDS]}+00\t{ts}\t{trade.ts_ingest_ns}\t{trade.symbol}\t{trade.seq}\t"
        f"{source}\ttrade\t{trade.price}\t{trade.size}\t{trade.side}\t{trade.trade_id}\t\t\t\t\t\t{end}"
    )


def _quote_line(source: str, quote: Quote) -> str:
    ts = str(quote.ts_event_ns)
    received = "t" if quote.event_time_is_receive else "f"
    usual = not quote.reasons and quote.quality == 1.0 and quote.primary and not quote.primary_epoch
    end = f"1.0\t{{}}\t{received}\tf\tt\t0\n" if usual else _marks(quote, received, False)
    return (
        f"{_SECONDS[ts[:-_NANOSECONDS]]}{ts[-_NANOSECONDS:_TO_MICROSECONDS]}+00\t{ts}\t{quote.ts_ingest_ns}\t{quote.symbol}\t{quote.seq}\t"
        f"{source}\tquote\t\t\t\t\t{quote.bid}\t{quote.bid_size}\t{quote.ask}\t{quote.ask_size}\t{quote.update_id}\t{end}"
    )


def _marks(tick: Trade | Quote, received: str, filled: bool) -> str:
    reasons, primary = array(tick.reasons), "t" if tick.primary else "f"
    return f"{tick.quality!r}\t{reasons}\t{received}\t{'t' if filled else 'f'}\t{primary}\t{tick.primary_epoch}\n"


def _values(source: str, tick: Any) -> tuple[Any, ...]:
    """A row's fields; "" is NULL."""
    start = (timestamp(tick.ts_event_ns), tick.ts_event_ns, tick.ts_ingest_ns, tick.symbol, tick.seq, source)
    end = (tick.primary, tick.primary_epoch)
    if isinstance(tick, Trade):
        own: tuple[Any, ...] = ("trade", tick.price, tick.size, tick.side, tick.trade_id, *_NO_QUOTE)
        return (*start, *own, tick.quality, tick.reasons, False, tick.filled, *end)
    own = ("quote", *_NO_TRADE, tick.bid, tick.bid_size, tick.ask, tick.ask_size, tick.update_id)
    return (*start, *own, tick.quality, tick.reasons, tick.event_time_is_receive, False, *end)
