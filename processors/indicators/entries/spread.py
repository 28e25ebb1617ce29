"""How far the closes spread: deviation, Bollinger's bands, the volatility of returns, the regression line."""

from processors.indicators.blocks import Window
from processors.indicators.formulas.spread import (
    BollingerBands,
    BollingerWidth,
    HistoricalVolatility,
    LinearRegression,
    StandardDeviation,
    Variance,
)
from processors.indicators.spec import IndicatorSpec, Parameter, bars, period

_BOLLINGER = "John Bollinger, Bollinger on Bollinger Bands, 2001"
_STATISTICS = "Karl Pearson, On the Dissection of Asymmetrical Frequency-Curves, 1894"

SPECS = (
    IndicatorSpec(
        name="stddev",
        make=lambda p: StandardDeviation(Window(p["period"])),
        parameters={"period": bars(20)},
        inputs=("close",),
        first_bar=period,
        formula="square root of the mean of (close - SMA)^2, the deviation of a population",
        oracle="talib.STDDEV(close, period, 1)",
        source=_STATISTICS,
    ),
    IndicatorSpec(
        name="variance",
        make=lambda p: Variance(Window(p["period"])),
        parameters={"period": bars(20)},
        inputs=("close",),
        first_bar=period,
        formula="mean of (close - SMA)^2, the variance of a population",
        oracle="talib.VAR(close, period, 1)",
        source=_STATISTICS,
    ),
    IndicatorSpec(
        name="bbands",
        make=lambda p: BollingerBands(Window(p["period"]), p["deviations"]),
        parameters={"period": bars(20), "deviations": Parameter(0.1, 20.0, 2.0, whole=False)},
        inputs=("close",),
        outputs=("upper", "middle", "lower"),
        first_bar=period,
        formula="middle = SMA(close, period); upper, lower = middle +- deviations * stddev",
        oracle="talib.BBANDS(close, period, deviations, deviations, 0)",
        source=_BOLLINGER,
    ),
    IndicatorSpec(
        name="bbands_width",
        make=lambda p: BollingerWidth(Window(p["period"]), p["deviations"]),
        parameters={"period": bars(20), "deviations": Parameter(0.1, 20.0, 2.0, whole=False)},
        inputs=("close",),
        outputs=("width", "percent_b"),
        first_bar=period,
        formula="width = (upper - lower) / middle; percent_b = (close - lower) / (upper - lower), 0.5 where the bands meet",
        source=_BOLLINGER,
    ),
    IndicatorSpec(
        name="hv",
        make=lambda p: HistoricalVolatility(Window(p["period"]), p["year_bars"]),
        parameters={"period": bars(20), "year_bars": bars(365, low=1, high=600_000)},
        inputs=("close",),
        first_bar=lambda p: period(p) + 1,
        formula="sample deviation of the last `period` values of ln(close / close before), times sqrt(year_bars), the bars of a year: 365 of 1d, 525600 of 1m",
        source="John C. Hull, Options, Futures, and Other Derivatives, 2018, chapter 15",
    ),
    IndicatorSpec(
        name="linearreg",
        make=lambda p: LinearRegression(Window(p["period"])),
        parameters={"period": bars(14)},
        inputs=("close",),
        outputs=("value", "slope", "forecast"),
        first_bar=period,
        formula="least squares line through the last `period` closes: value at this bar, slope a bar, forecast at the next bar",
        oracle="talib.LINEARREG(close, period); talib.LINEARREG_SLOPE(close, period); talib.TSF(close, period)",
        source="Carl Friedrich Gauss, Theoria motus, 1809",
    ),
)
