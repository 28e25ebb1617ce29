"""The pure cores of the stages, without Kafka, by the time that they have a core: what a stage cannot be faster than, and what one bar costs."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from bench.figures import Spread, spread
from bench.tick_source import TickSource, symbols_of
from processors.bars.core import BarsCore
from processors.indicators.core import IndicatorsCore
from processors.signals.core import SignalsCore
from processors.validate.core import ValidateCore
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, Output, StageCore
from schemas.bars import Bar
from schemas.codec import encode
from schemas.headers import SYMBOLS
from schemas.topics import Topic

START_NS = 1_704_067_200_000_000_000  # 2024-01-01
MINUTE_NS = 60_000_000_000
_INDICATORS = ("rsi_14", "macd_12_26_9", "momentum_10")


def validate_ticks_per_s(group: int, ticks: int) -> float:
    """Envelopes of `group` ticks through ValidateCore, decoding and encoding included."""
    return _speed(ValidateCore(), envelopes(group, ticks), ticks)


def bars_ticks_per_s(group: int, ticks: int) -> float:
    """Validated envelopes through BarsCore."""
    validate = ValidateCore()
    validated = [one for record in envelopes(group, ticks) for one in _passed_on(validate.apply(record), record)]
    return _speed(BarsCore(ProcessSettings()), validated, ticks)


def envelopes(group: int, ticks: int, event_step_ns: int = 10_000_000) -> list[InputRecord]:
    """Of one partition, one after the other in event time, with 20 trades of a symbol a minute and more."""
    source = TickSource("bench", symbols_of(max(group, 100), 1, "C"), 1, group)
    records = []
    for offset in range(ticks // group):
        segment = source.segment(START_NS + offset * event_step_ns)
        headers = {SYMBOLS: segment.symbols}
        records.append(InputRecord(Topic.TICKS_RAW, 0, offset, None, source.envelope([segment], START_NS), headers))
    return records


def _speed(core: StageCore, records: Sequence[InputRecord], ticks: int) -> float:
    apply, start_s = core.apply, time.thread_time()
    for record in records:
        apply(record)
    return ticks / (time.thread_time() - start_s)


def _passed_on(outputs: Iterable[Output], record: InputRecord) -> list[InputRecord]:
    return [
        InputRecord(one.topic, 0, record.offset, one.key, one.value, record.headers | one.headers)
        for one in outputs
        if one.topic is not Topic.DLQ
    ]


@dataclass(frozen=True, slots=True)
class BarCost:
    """One closed bar to its signal: IndicatorsCore and SignalsCore, decoding and encoding included."""

    mean_ms: float
    spread: Spread


def one_bar(bars: int = 3000) -> BarCost:
    """Of warm series."""
    settings, samples = ProcessSettings(), []
    indicators, signals = IndicatorsCore(settings), SignalsCore(settings)
    for offset, record in enumerate(bar_records(bars)):
        start_ns = time.thread_time_ns()
        for output in indicators.apply(record):
            signals.apply(InputRecord(Topic.INDICATORS, 0, offset, output.key, output.value))
        samples.append(time.thread_time_ns() - start_ns)
    warm = samples[100:]
    return BarCost(sum(warm) / len(warm) / 1e6, spread(warm))


def bar_records(number: int, symbol: str = "C0-USD") -> list[InputRecord]:
    """Closed 1m bars of one symbol, as the stage `bars` writes them."""
    closes = 100 + np.cumsum(np.random.default_rng(7).normal(0, 0.1, number + 1))
    return [
        InputRecord(Topic.BARS, 0, index, symbol.encode(), encode(bar_of(symbol, index, float(closes[index]), float(closes[index + 1]))))
        for index in range(number)
    ]


def bar_of(symbol: str, index: int, first: float, last: float) -> Bar:
    """The 1m bar number `index` of a symbol."""
    open_ns = START_NS + index * MINUTE_NS
    close = f"{last:.4f}"
    return Bar(
        symbol=symbol,
        source="bench",
        timeframe="1m",
        ts_open_ns=open_ns,
        ts_close_ns=open_ns + MINUTE_NS,
        open=f"{first:.4f}",
        high=f"{max(first, last):.4f}",
        low=f"{min(first, last):.4f}",
        close=close,
        volume="12.5",
        quote_volume="1250",
        vwap=close,
        trade_count=20,
        kind="final",
        revision=0,
        quality=1.0,
        reasons=(),
        known_at_ns=open_ns + MINUTE_NS,
    )


def batch_ms(symbols: int = 1000, bars: int = 512) -> float:
    """RSI, MACD and momentum of so many symbols' whole histories, one after the other."""
    from processors.indicators.batch import calculate  # TA-Lib is for batches: the rest of a benchmark does without its memory

    closes = 100 + np.cumsum(np.random.default_rng(7).normal(0, 0.1, (symbols, bars)), axis=1)
    start_s = time.thread_time()
    for row in closes:
        for name in _INDICATORS:
            calculate(name, {"close": row})
    return (time.thread_time() - start_s) * 1e3


def median_of(runs: int, measure: Callable[[], float]) -> float:
    return median(measure() for _ in range(runs))
