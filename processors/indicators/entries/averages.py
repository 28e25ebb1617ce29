"""Moving averages of the close over a window, and the centre of a range."""

from math import isqrt

from processors.indicators.blocks import Sma as Mean
from processors.indicators.blocks import Window
from processors.indicators.blocks import Wma as Weighted
from processors.indicators.formulas.averages import Hma, Midpoint, Midprice, Sma, Trima, Wma
from processors.indicators.spec import IndicatorSpec, bars, period

_MURPHY = "John J. Murphy, Technical Analysis of the Financial Markets, 1999"
SPECS = (
    IndicatorSpec(
        name="sma",
        make=lambda p: Sma(Mean(p["period"])),
        parameters={"period": bars(20)},
        inputs=("close",),
        first_bar=period,
        formula="mean of the last `period` closes",
        oracle="talib.SMA(close, period)",
        source=_MURPHY,
    ),
    IndicatorSpec(
        name="wma",
        make=lambda p: Wma(Weighted(p["period"])),
        parameters={"period": bars(20)},
        inputs=("close",),
        first_bar=period,
        formula="mean of the last `period` closes with weights 1 to `period`, the newest the heaviest",
        oracle="talib.WMA(close, period)",
        source=_MURPHY,
    ),
    IndicatorSpec(
        name="trima",
        make=lambda p: Trima.of(p["period"]),
        parameters={"period": bars(20)},
        inputs=("close",),
        first_bar=period,
        formula="SMA(SMA(close, (period + 1) // 2), period // 2 + 1)",
        oracle="talib.TRIMA(close, period)",
        source=_MURPHY,
    ),
    IndicatorSpec(
        name="hma",
        make=lambda p: Hma.of(p["period"]),
        parameters={"period": bars(20, low=4)},
        inputs=("close",),
        first_bar=lambda p: int(p["period"]) + isqrt(p["period"]) - 1,
        formula="WMA(2 * WMA(close, period // 2) - WMA(close, period), floor(sqrt(period)))",
        oracle="talib.HMA(close, period)",
        source="Alan Hull, How to Reduce Lag in a Moving Average, 2005",
    ),
    IndicatorSpec(
        name="midpoint",
        make=lambda p: Midpoint(Window(p["period"])),
        parameters={"period": bars(14)},
        inputs=("close",),
        first_bar=period,
        formula="(highest close + lowest close) / 2 of the last `period` bars",
        oracle="talib.MIDPOINT(close, period)",
        source="TA-Lib, MIDPOINT",
    ),
    IndicatorSpec(
        name="midprice",
        make=lambda p: Midprice.of(p["period"]),
        parameters={"period": bars(14)},
        inputs=("high", "low"),
        first_bar=period,
        formula="(highest high + lowest low) / 2 of the last `period` bars",
        oracle="talib.MIDPRICE(high, low, period)",
        source="TA-Lib, MIDPRICE",
    ),
)
