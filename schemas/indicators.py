"""Indicators. Topic market.indicators: one record a closed bar, holding all configured indicators."""

from msgspec import Struct


class IndicatorValue(Struct):
    """One indicator at one bar. values: output name to float64 (absent while there is too little data).

    warm: at least minimum_bars closed bars were seen. Recursive indicators go on converging after that; seed_bars of the record tells how far.
    """

    name: str
    parameters: dict[str, float]
    values: dict[str, float]
    warm: bool
    minimum_bars: int


class IndicatorRecord(Struct):
    """All indicators of one closed bar.

    indicators: by key such as `rsi_14`, `macd_12_26_9`, `momentum_10`, which come first; then those that process.indicators.also names, as `bbands_20_2.5`.
    seed_bars: closed bars of the series so far, this one included. revision: grows when this bar or an earlier one was corrected;
    bar_revision: that of the bar itself. close, bar_kind, bar_quality, known_at_ns: from the bar.
    """

    symbol: str
    source: str
    timeframe: str
    ts_open_ns: int
    ts_close_ns: int
    close: str
    seed_bars: int
    indicators: dict[str, IndicatorValue]
    revision: int
    bar_revision: int
    bar_kind: str
    bar_quality: float
    known_at_ns: int
    primary: bool = True
    primary_epoch: int = 0
    v: int = 1
