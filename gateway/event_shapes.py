"""Books, alerts, quality, gaps and the market's summary to messages. Pure. number, nanoseconds: how those are written."""

from typing import Any

from gateway.event_messages import AlertMessage, GapMessage, OrderBookMessage, QualityMessage, SummaryMessage
from gateway.json_text import iso_time
from gateway.series import Placed


def _common(placed: Placed, ts_ns: int, prev: str | None, epoch: str) -> dict[str, Any]:
    """What all of them say, and where they stand."""
    return {
        "channel": str(placed.channel),
        "symbol": placed.symbol,
        "timestamp": iso_time(ts_ns),
        "source": placed.source,
        "partition": placed.partition,
        "seq": placed.seq,
        "prev": prev,
        "epoch": epoch,
        "trace": placed.trace,
    }


def _fields(event: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}


def order_book_message(placed: Placed, book: Any, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> OrderBookMessage:
    return OrderBookMessage(
        bids=[(number(price), number(size)) for price, size in book.bids],
        asks=[(number(price), number(size)) for price, size in book.asks],
        ts_event_ns=nanoseconds(book.ts_event_ns),
        ts_ingest_ns=nanoseconds(book.ts_ingest_ns),
        **_fields(book, "depth", "update_id", "is_valid", "reason"),
        **_common(placed, book.ts_event_ns, prev, epoch),
    )


def alert_message(placed: Placed, alert: Any, prev: str | None, epoch: str, _number: Any, nanoseconds: Any) -> AlertMessage:
    return AlertMessage(
        ts_event_ns=nanoseconds(alert.ts_event_ns),
        known_at_ns=nanoseconds(alert.known_at_ns),
        **_fields(alert, "message", "severity", "state", "reason", "timeframe", "kind", "rule_id", "rule_version", "alert_id"),
        **_fields(alert, "episode_id", "withdraws", "subject", "measured", "threshold", "revision"),
        **_common(placed, alert.ts_event_ns, prev, epoch),
    )


def quality_message(placed: Placed, record: Any, prev: str | None, epoch: str, _number: Any, nanoseconds: Any) -> QualityMessage:
    return QualityMessage(
        latency_average_ns=nanoseconds(record.latency_average_ns),
        latency_p99_ns=nanoseconds(record.latency_p99_ns),
        ts_from_ns=nanoseconds(record.ts_from_ns),
        ts_to_ns=nanoseconds(record.ts_to_ns),
        **_fields(record, "score", "total", "valid", "invalid", "duplicate", "out_of_order", "gaps", "reasons", "primary"),
        **_common(placed, record.ts_to_ns, prev, epoch),
    )


def gap_message(placed: Placed, gap: Any, prev: str | None, epoch: str, _number: Any, nanoseconds: Any) -> GapMessage:
    return GapMessage(
        gap_channel=gap.channel,
        from_ns=nanoseconds(gap.from_ns),
        to_ns=nanoseconds(gap.to_ns),
        known_at_ns=nanoseconds(gap.known_at_ns),
        **_fields(gap, "gap_id", "state", "cause", "size", "filled", "from_id", "to_id"),
        **_common(placed, gap.from_ns, prev, epoch),
    )


def summary_message(placed: Placed, summary: Any, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> SummaryMessage:
    prices = ("last", "change", "change_percent", "open", "high", "low", "volume", "quote_volume")
    return SummaryMessage(
        ts_from_ns=nanoseconds(summary.ts_from_ns),
        ts_to_ns=nanoseconds(summary.ts_to_ns),
        known_at_ns=nanoseconds(summary.known_at_ns),
        **{name: number(getattr(summary, name)) for name in prices},
        **_fields(summary, "trade_count", "quality", "primary"),
        **_common(placed, summary.ts_to_ns, prev, epoch),
    )
