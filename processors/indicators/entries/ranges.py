"""True range, its mean, and channels whose width it gives."""

from processors.indicators.blocks import Ema, Sma, Window
from processors.indicators.formulas.ranges import Atr, Donchian, Keltner, MeanRange, Natr, Supertrend, TrueRange
from processors.indicators.spec import IndicatorSpec, Parameter, bars, period

_FACTOR = (0.1, 20.0)

SPECS = (
    IndicatorSpec(
        name="trange",
        make=lambda _: TrueRange(),
        inputs=("high", "low", "close"),
        first_bar=lambda _: 2,
        formula="max(high - low, |high - close before|, |low - close before|)",
        oracle="talib.TRANGE(high, low, close)",
        source="J. Welles Wilder, New Concepts in Technical Trading Systems, 1978",
    ),
    IndicatorSpec(
        name="atr",
        make=lambda p: Atr.of(p["period"]),
        parameters={"period": bars(14)},
        inputs=("high", "low", "close"),
        first_bar=lambda p: period(p) + 1,
        memory="recursive",
        formula="Wilder mean of true range, seeded with the simple mean of the first `period`",
        oracle="talib.ATR(high, low, close, period)",
        source="J. Welles Wilder, New Concepts in Technical Trading Systems, 1978",
    ),
    IndicatorSpec(
        name="natr",
        make=lambda p: Natr(Atr.of(p["period"])),
        parameters={"period": bars(14)},
        inputs=("high", "low", "close"),
        first_bar=lambda p: period(p) + 1,
        memory="recursive",
        formula="100 * ATR / close",
        oracle="talib.NATR(high, low, close, period)",
        source="John Forman, Cross-Market Evaluations with Normalized Average True Range, Technical Analysis of Stocks & Commodities, 2006",
    ),
    IndicatorSpec(
        name="adr",
        make=lambda p: MeanRange(Sma(p["period"])),
        parameters={"period": bars(14)},
        inputs=("high", "low"),
        first_bar=period,
        formula="mean of high - low of the last `period` bars",
        oracle="talib.ADR(high, low, period)",
        source="TA-Lib, ADR",
    ),
    IndicatorSpec(
        name="donchian",
        make=lambda p: Donchian(Window(p["period"]), Window(p["period"])),
        parameters={"period": bars(20)},
        inputs=("high", "low"),
        outputs=("upper", "middle", "lower"),
        first_bar=period,
        formula="upper = highest high, lower = lowest low of the last `period` bars, middle = their mean",
        oracle="talib.DONCHIAN(high, low, period)",
        source="Richard Donchian, Trend-Following Methods in Commodity Price Analysis, 1957",
    ),
    IndicatorSpec(
        name="keltner",
        make=lambda p: Keltner(Ema(p["period"]), Atr.of(p["range_period"]), p["factor"]),
        parameters={"period": bars(20), "range_period": bars(10), "factor": Parameter(*_FACTOR, 2.0, whole=False)},
        inputs=("high", "low", "close"),
        outputs=("upper", "middle", "lower"),
        first_bar=lambda p: max(int(p["period"]), int(p["range_period"]) + 1),
        memory="recursive",
        formula="middle = EMA((high + low + close) / 3, period); upper, lower = middle +- factor * ATR(range_period), each from the first bar on",
        source="Chester W. Keltner, How to Make Money in Commodities, 1960; Linda Raschke's form with ATR",
    ),
    IndicatorSpec(
        name="supertrend",
        make=lambda p: Supertrend(Atr.of(p["period"]), p["factor"]),
        parameters={"period": bars(10), "factor": Parameter(*_FACTOR, 3.0, whole=False)},
        inputs=("high", "low", "close"),
        outputs=("value", "trend"),
        first_bar=lambda p: period(p) + 1,
        memory="recursive",
        formula="(high + low) / 2 +- factor * ATR, each band only coming nearer until the close before is beyond it; value: the lower band in an up-trend (trend 1), the upper one in a down-trend (-1)",
        oracle="talib.SUPERTREND(high, low, close, period, factor)",
        source="Olivier Seban, Tout le monde merite d'etre riche, 2008",
    ),
)
