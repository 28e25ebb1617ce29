"""Bars and what is made from one bar to messages. Pure. number, nanoseconds: how those are written."""

from typing import Any

from gateway.json_text import iso_time
from gateway.messages import IndicatorsMessage, OhlcvMessage, SignalMessage
from gateway.series import Placed


def _common(placed: Placed, event: Any, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> dict[str, Any]:
    """What the messages of all records about one bar share."""
    return {
        "channel": str(placed.channel),
        "symbol": event.symbol,
        "timeframe": event.timeframe,
        "timestamp": iso_time(event.ts_open_ns),
        "close": number(event.close),
        "source": placed.source,
        "revision": event.revision,
        "primary": event.primary,
        "partition": placed.partition,
        "seq": placed.seq,
        "prev": prev,
        "epoch": epoch,
        "trace": placed.trace,
        "ts_open_ns": nanoseconds(event.ts_open_ns),
        "ts_close_ns": nanoseconds(event.ts_close_ns),
        "known_at_ns": nanoseconds(event.known_at_ns),
    }


def bar_message(placed: Placed, bar: Any, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> OhlcvMessage:
    return OhlcvMessage(
        open=number(bar.open),
        high=number(bar.high),
        low=number(bar.low),
        volume=number(bar.volume),
        quote_volume=number(bar.quote_volume),
        vwap=number(bar.vwap),
        trade_count=bar.trade_count,
        kind=bar.kind,
        quality=bar.quality,
        reasons=bar.reasons,
        **_common(placed, bar, prev, epoch, number, nanoseconds),
    )


def indicators_message(placed: Placed, record: Any, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> IndicatorsMessage:
    return IndicatorsMessage(
        indicators=record.indicators,
        seed_bars=record.seed_bars,
        kind=record.bar_kind,
        bar_revision=record.bar_revision,
        quality=record.bar_quality,
        **_common(placed, record, prev, epoch, number, nanoseconds),
    )


def signal_message(placed: Placed, signal: Any, prev: str | None, epoch: str, number: Any, nanoseconds: Any) -> SignalMessage:
    return SignalMessage(
        signal=signal.signal,
        action=signal.action,
        score=signal.score,
        confidence=signal.confidence,
        decided_by=signal.decided_by,
        resolution=signal.resolution,
        status=signal.status,
        components=signal.components,
        valid_until=iso_time(signal.valid_until_ns),
        valid_until_ns=nanoseconds(signal.valid_until_ns),
        kind=signal.bar_kind,
        bar_revision=signal.bar_revision,
        quality=signal.bar_quality,
        **_common(placed, signal, prev, epoch, number, nanoseconds),
    )
