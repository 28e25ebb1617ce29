"""Direction and turns of a trend from highs and lows."""

from processors.indicators.formulas.directional import Adx, Aroon, Sar, Vortex
from processors.indicators.spec import IndicatorSpec, Parameter, bars, period

SPECS = (
    IndicatorSpec(
        name="adx",
        make=lambda p: Adx(p["period"]),
        parameters={"period": bars(14)},
        inputs=("high", "low", "close"),
        outputs=("adx", "plus_di", "minus_di"),
        first_bar=lambda p: period(p) + 1,
        memory="recursive",
        formula="plus_di, minus_di: 100 * Wilder sum of directional movement / Wilder sum of true range; adx: Wilder mean of 100 * |plus_di - minus_di| / (plus_di + minus_di), from bar 2 * period on",
        oracle="talib.ADX(high, low, close, period); talib.PLUS_DI(high, low, close, period); talib.MINUS_DI(high, low, close, period)",
        source="J. Welles Wilder, New Concepts in Technical Trading Systems, 1978",
    ),
    IndicatorSpec(
        name="aroon",
        make=lambda p: Aroon.of(p["period"]),
        parameters={"period": bars(14)},
        inputs=("high", "low"),
        outputs=("down", "up", "oscillator"),
        first_bar=lambda p: period(p) + 1,
        formula="up = 100 * (period - bars since the highest high) / period, down likewise with the lowest low, of period + 1 bars; oscillator = up - down",
        oracle="talib.AROON(high, low, period); talib.AROONOSC(high, low, period)",
        source="Tushar S. Chande, Time Price Oscillator, Technical Analysis of Stocks & Commodities, 1995",
    ),
    IndicatorSpec(
        name="vortex",
        make=lambda p: Vortex.of(p["period"]),
        parameters={"period": bars(14)},
        inputs=("high", "low", "close"),
        outputs=("plus", "minus"),
        first_bar=lambda p: period(p) + 1,
        formula="plus = sum of |high - low before| / sum of true range; minus = sum of |low - high before| / sum of true range",
        oracle="talib.VORTEX(high, low, close, period)",
        source="Etienne Botes and Douglas Siepman, The Vortex Indicator, Technical Analysis of Stocks & Commodities, 2010",
    ),
    IndicatorSpec(
        name="sar",
        make=lambda p: Sar(p["acceleration"], p["maximum"]),
        parameters={"acceleration": Parameter(0.0001, 1.0, 0.02, whole=False), "maximum": Parameter(0.0001, 10.0, 0.2, whole=False)},
        inputs=("high", "low"),
        first_bar=lambda _: 2,
        minimum=lambda _: 20,
        ascending=("acceleration", "maximum"),
        memory="recursive",
        formula="stop + step * (extreme - stop); step grows by `acceleration` to `maximum` at each new extreme; hit, it turns and begins at the extreme",
        oracle="talib.SAR(high, low, acceleration, maximum)",
        source="J. Welles Wilder, New Concepts in Technical Trading Systems, 1978",
    ),
)
