"""The stages' cores in a row without Kafka, what they make as tables, and an audit of these."""

from collections.abc import Iterable
from typing import Any

from processors.bars.core import BarsCore
from processors.indicators.core import IndicatorsCore
from processors.signals.core import SignalsCore
from processors.validate.core import ValidateCore
from processors.validate.limits import Limits
from runtime.clock import ManualClock
from runtime.settings import ProcessSettings, Settings
from runtime.stage import InputRecord, Output, StageCore
from schemas.codec import encode
from schemas.ticks import Quote, TickEnvelope, Trade, Watermark
from schemas.topics import Topic
from tests.memory_tables import MemoryTables
from tests.table_rows import take
from tickerplant.verify.audit import Audit, Progress
from tickerplant.verify.parameters import Parameters, from_settings
from tickerplant.verify.report import Report

START_NS = 1_723_161_240_000_000_000  # 2024-08-08T23:54:00Z
MINUTE_NS = 60_000_000_000
SHORT = ProcessSettings(rsi_period=2, macd_fast=2, macd_slow=3, macd_signal=2, momentum_period=1)  # warm after 15 bars


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
            take(tables, record.topic, record.value)
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
