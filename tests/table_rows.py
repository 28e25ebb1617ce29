"""What a stage's record comes to in the tables, written here apart from the sinks."""

from decimal import Decimal

from schemas.codec import decode_bar, decode_gap, decode_indicators, decode_signal, decode_ticks
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.topics import Topic
from tests.memory_tables import MemoryTables
from tickerplant.verify.rows import BarRow, GapRow, IndicatorRow, SignalRow, TickRow
from tickerplant.verify.store import Series


def _take_ticks(tables: MemoryTables, value: bytes) -> None:
    event = decode_ticks(value)
    if isinstance(event, TickEnvelope):
        for tick in event.ticks:
            tables.tick_rows[Series(tick.symbol, event.source)].append(trade_row(tick) if isinstance(tick, Trade) else quote_row(tick))


def trade_row(tick: Trade) -> TickRow:
    return TickRow(
        timestamp_us=tick.ts_event_ns // 1000,
        kind="trade",
        price=Decimal(tick.price),
        volume=Decimal(tick.size),
        side=tick.side,
        trade_id=str(tick.trade_id),
        bid=None,
        bid_size=None,
        ask=None,
        ask_size=None,
        update_id=None,
        seq=tick.seq,
        quality_score=tick.quality,
        reasons=list(tick.reasons),
        ts_event_ns=tick.ts_event_ns,
        ts_ingest_ns=tick.ts_ingest_ns,
        event_time_is_receive=False,
        filled=tick.filled,
    )


def quote_row(tick: Quote) -> TickRow:
    return TickRow(
        timestamp_us=tick.ts_event_ns // 1000,
        kind="quote",
        price=None,
        volume=None,
        side=None,
        trade_id=None,
        bid=Decimal(tick.bid),
        bid_size=Decimal(tick.bid_size),
        ask=Decimal(tick.ask),
        ask_size=Decimal(tick.ask_size),
        update_id=tick.update_id,
        seq=tick.seq,
        quality_score=tick.quality,
        reasons=list(tick.reasons),
        ts_event_ns=tick.ts_event_ns,
        ts_ingest_ns=tick.ts_ingest_ns,
        event_time_is_receive=tick.event_time_is_receive,
        filled=False,
    )


def _take_bar(tables: MemoryTables, value: bytes) -> None:
    bar = decode_bar(value)
    numbers = (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.quote_volume, bar.vwap)
    known = tables.bar_rows[Series(bar.symbol, bar.source), bar.timeframe]
    if bar.ts_open_ns in known and known[bar.ts_open_ns].revision >= bar.revision:
        return
    known[bar.ts_open_ns] = BarRow(
        bar.ts_open_ns // 1000,
        *map(Decimal, numbers),
        bar.trade_count,
        bar.kind,
        bar.revision,
        bar.quality,
        list(bar.reasons),
        bar.ts_open_ns,
        bar.ts_close_ns,
        bar.known_at_ns,
        bar.primary,
        bar.primary_epoch,
    )


def _take_indicators(tables: MemoryTables, value: bytes) -> None:
    event = decode_indicators(value)
    rows = tables.indicator_rows[Series(event.symbol, event.source), event.timeframe]
    for name, indicator in event.indicators.items():
        for output, number in indicator.values.items():
            rows[event.ts_open_ns, name, output] = IndicatorRow(
                timestamp_us=event.ts_open_ns // 1000,
                indicator_name=name,
                output=output,
                value=number,
                parameters=indicator.parameters,
                warm=indicator.warm,
                minimum_bars=indicator.minimum_bars,
                seed_bars=event.seed_bars,
                revision=event.revision,
                bar_revision=event.bar_revision,
                bar_kind=event.bar_kind,
                bar_quality=event.bar_quality,
                close_price=Decimal(event.close),
                ts_open_ns=event.ts_open_ns,
                ts_close_ns=event.ts_close_ns,
                known_at_ns=event.known_at_ns,
                is_primary=event.primary,
                primary_epoch=event.primary_epoch,
            )


def _take_signal(tables: MemoryTables, value: bytes) -> None:
    event = decode_signal(value)
    tables.signal_rows[Series(event.symbol, event.source), event.timeframe][event.ts_open_ns] = SignalRow(
        timestamp_us=event.ts_open_ns // 1000,
        signal=event.signal,
        action=event.action,
        score=event.score,
        confidence=event.confidence,
        decided_by=event.decided_by,
        resolution=event.resolution,
        status=event.status,
        components={n: {"signal": c.signal, "weight": c.weight, "warm": c.warm} for n, c in event.components.items()},
        close_price=Decimal(event.close),
        revision=event.revision,
        bar_revision=event.bar_revision,
        bar_kind=event.bar_kind,
        bar_quality=event.bar_quality,
        ts_open_ns=event.ts_open_ns,
        ts_close_ns=event.ts_close_ns,
        known_at_ns=event.known_at_ns,
        valid_until_ns=event.valid_until_ns,
        is_primary=event.primary,
        primary_epoch=event.primary_epoch,
    )


def _take_gap(tables: MemoryTables, value: bytes) -> None:
    gap = decode_gap(value)
    row = GapRow(gap.gap_id, gap.channel, gap.state, gap.from_id, gap.to_id, gap.size, gap.filled)
    tables.gap_rows[Series(gap.symbol, gap.source)][gap.gap_id] = row


_TAKE = {
    Topic.TICKS: _take_ticks,
    Topic.BARS: _take_bar,
    Topic.INDICATORS: _take_indicators,
    Topic.SIGNALS: _take_signal,
    Topic.GAPS: _take_gap,
}


def take(tables: MemoryTables, topic: Topic, value: bytes) -> None:
    """A record into the tables; of topics that no table holds nothing."""
    if topic in _TAKE:
        _TAKE[topic](tables, value)
