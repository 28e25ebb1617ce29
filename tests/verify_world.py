"""The stages' cores in a row without Kafka, and what they make as tables: in memory for properties, in a database for the command."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Placeholder
from psycopg.types.json import Jsonb

from processors.bars.core import BarsCore
from processors.indicators.core import IndicatorsCore
from processors.signals.core import SignalsCore
from processors.validate.core import ValidateCore
from processors.validate.limits import Limits
from runtime.clock import ManualClock
from runtime.settings import ProcessSettings, Settings
from runtime.stage import InputRecord, Output, StageCore
from schemas.codec import decode_bar, decode_gap, decode_indicators, decode_signal, decode_ticks, encode
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.topics import Topic
from tickerplant.verify.audit import Audit, Progress
from tickerplant.verify.parameters import Parameters, from_settings
from tickerplant.verify.report import Report
from tickerplant.verify.rows import BarRow, GapRow, IndicatorRow, SignalRow, TickRow
from tickerplant.verify.store import Series, SharedPrimary

START_NS = 1_723_161_240_000_000_000  # 2024-08-08T23:54:00Z
MINUTE_NS = 60_000_000_000
SHORT = ProcessSettings(rsi_period=2, macd_fast=2, macd_slow=3, macd_signal=2, momentum_period=1)  # warm after 15 bars


@dataclass
class MemoryTables:
    """Rows by series and timeframe; the same answers as tickerplant.verify.store.Store."""

    tick_rows: dict[Series, list[TickRow]] = field(default_factory=lambda: defaultdict(list))
    bar_rows: dict[tuple[Series, str], dict[int, BarRow]] = field(default_factory=lambda: defaultdict(dict))
    indicator_rows: dict[tuple[Series, str], dict[tuple[int, str, str], IndicatorRow]] = field(default_factory=lambda: defaultdict(dict))
    signal_rows: dict[tuple[Series, str], dict[int, SignalRow]] = field(default_factory=lambda: defaultdict(dict))
    gap_rows: dict[Series, dict[str, GapRow]] = field(default_factory=lambda: defaultdict(dict))

    def series(self, symbols: tuple[str, ...] = (), sources: tuple[str, ...] = ()) -> list[Series]:
        known = set(self.tick_rows) | {series for series, _ in self.bar_rows}
        return sorted(s for s in known if (not symbols or s.symbol in symbols) and (not sources or s.source in sources))

    def ticks(self, series: Series) -> Iterator[TickRow]:
        return iter(sorted(self.tick_rows[series], key=lambda row: row.seq))

    def bars(self, series: Series, timeframe: str) -> Iterator[BarRow]:
        return iter([row for _, row in sorted(self.bar_rows[series, timeframe].items())])

    def indicators(self, series: Series, timeframe: str) -> Iterator[IndicatorRow]:
        return iter([row for _, row in sorted(self.indicator_rows[series, timeframe].items())])

    def signals(self, series: Series, timeframe: str) -> Iterator[SignalRow]:
        return iter([row for _, row in sorted(self.signal_rows[series, timeframe].items())])

    def gaps(self, series: Series) -> list[GapRow]:
        return sorted(self.gap_rows[series].values(), key=lambda gap: gap.from_id)

    def timeframes(self, series: Series) -> set[str]:
        return {timeframe for known, timeframe in self.bar_rows if known == series}

    def shared_primaries(self, symbols: tuple[str, ...] = ()) -> Iterator[SharedPrimary]:
        found: defaultdict[tuple[str, str, int], list[str]] = defaultdict(list)
        for (series, timeframe), rows in self.bar_rows.items():
            for row in rows.values():
                if row.is_primary and (not symbols or series.symbol in symbols):
                    found[series.symbol, timeframe, row.timestamp_us].append(series.source)
        return iter([SharedPrimary(*key, sorted(sources)) for key, sources in sorted(found.items()) if len(sources) > 1])

    def store(self, connection: psycopg.Connection[Any]) -> None:
        """Inserts all rows into migrated tables."""
        for series, ticks in self.tick_rows.items():
            _insert(connection, "market_ticks", ticks, **series._asdict(), is_primary=True, primary_epoch=0)
        for table, by_key in (
            ("market_ohlcv", self.bar_rows),
            ("technical_indicators", self.indicator_rows),
            ("trading_signals", self.signal_rows),
        ):
            for (series, timeframe), rows in by_key.items():  # type: ignore[attr-defined]
                _insert(connection, table, rows.values(), **series._asdict(), timeframe=timeframe)
        for series, gaps in self.gap_rows.items():
            _insert(connection, "market_gaps", gaps.values(), **series._asdict(), cause="sequence", from_ns=0, to_ns=0, known_at_ns=0)


def _insert(connection: psycopg.Connection[Any], table: str, rows: Iterable[Any], **more: Any) -> None:
    for row in rows:
        values = {**row._asdict(), **more}
        if "timestamp_us" in values:
            values["timestamp"] = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=values.pop("timestamp_us"))
        values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in values.items()}
        columns, places = SQL(", ").join(map(Identifier, values)), SQL(", ").join(map(Placeholder, values))
        connection.execute(SQL("INSERT INTO {} ({}) VALUES ({})").format(Identifier(table), columns, places), values)


class World:
    """Envelopes and watermarks in; the records of every topic, and the tables of them, out."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.records: list[InputRecord] = []
        process = settings.process
        self._next: dict[Topic, StageCore] = {
            Topic.TICKS_RAW: ValidateCore(Limits.of(process.quality)),
            Topic.TICKS: BarsCore(process),
            Topic.BARS: IndicatorsCore(process),
            Topic.INDICATORS: SignalsCore(process),
        }

    def feed(self, *events: TickEnvelope | Watermark) -> None:
        for event in events:
            self._pass(Output(Topic.TICKS_RAW, encode(event)))

    def _pass(self, output: Output) -> None:
        self.take(InputRecord(output.topic, 0, len(self.records), output.key, output.value, dict(output.headers)))

    def take(self, record: InputRecord) -> None:
        """A record of any topic, and all that the stages make of it."""
        self.records.append(record)
        if record.topic in self._next:
            for following in self._next[record.topic].apply(record):
                self._pass(following)

    def tables(self) -> MemoryTables:
        tables = MemoryTables()
        for record in self.records:
            _TAKE.get(record.topic, _ignore)(tables, record.value)
        return tables


def audit(tables: Any, parameters: Parameters | Settings, capture: Any = None, **which: Any) -> Report:
    """One audit, silent."""
    if isinstance(parameters, Settings):
        parameters = from_settings(parameters)
    report = Report()
    Audit(tables, parameters, report, Progress(ManualClock(), lambda _sentence: None), capture).run(**which)
    return report


def told(report: Report) -> list[tuple[str, str, str]]:
    """(table, kind, field) of each difference."""
    return [(difference.table, difference.kind, difference.field) for difference in report.differences]


def envelope(ticks: Iterable[Trade | Quote], source: str = "binance") -> TickEnvelope:
    return TickEnvelope(source=source, ts_receive_ns=0, ticks=list(ticks), trade_ids_contiguous=True)


def feed(world: World, symbol: str) -> None:
    """Twenty minutes of one symbol: a trade and a quote each, a hole in the ids before minute 12, a late trade for minute 10."""
    trade_id = 0
    for minute in range(20):
        at_ns = START_NS + minute * MINUTE_NS + 1_500_000_000
        price = 100 + (minute * 7) % 11
        trade_id += 3 if minute == 12 else 1
        ticks: list[Trade | Quote] = [
            Trade(symbol, f"{price}.123456789", "0.25", at_ns + 789, at_ns, trade_id, "buy"),
            Quote(symbol, f"{price}.4", "1", f"{price}.6", "2", at_ns, at_ns, 500 + minute, True),
        ]
        if minute == 11:
            trade_id += 1
            ticks.append(Trade(symbol, "105.25", "1", at_ns - 30_000_000_000, at_ns, trade_id, "sell"))
        world.feed(envelope(ticks))


def _ignore(_tables: MemoryTables, _value: bytes) -> None:
    """Topics that no table holds."""


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
