"""Momentum of the close: rates of change, RSI and its kin."""

from processors.indicators.blocks import Window
from processors.indicators.formulas.momentum import Cmo, EfficiencyRatio, Mom, Momentum, Roc, Rsi
from processors.indicators.spec import IndicatorSpec, bars, period

SPECS = (
    IndicatorSpec(
        name="rsi",
        make=lambda p: Rsi(p["period"]),
        parameters={"period": bars(14)},
        inputs=("close",),
        first_bar=lambda p: period(p) + 1,
        minimum=lambda p: 2 * period(p),
        memory="recursive",
        formula="100 * G / (G + L); G, L: Wilder averages of gains and losses, seeded with the mean of the first `period` changes; 50 where G + L is 0 (TA-Lib: 0)",
        oracle="talib.RSI(close, period)",
        source="J. Welles Wilder, New Concepts in Technical Trading Systems, 1978",
    ),
    IndicatorSpec(
        name="momentum",
        make=lambda p: Momentum(Window(p["period"] + 1)),
        parameters={"period": bars(10, low=1)},
        inputs=("close",),
        first_bar=lambda p: period(p) + 1,
        minimum=lambda p: period(p) + 5,
        formula="(close - close[period bars back]) / close[period bars back], a fraction",
        oracle="talib.ROCP(close, period)",
        source="rate of change; requirements S0, task 3.3",
    ),
    IndicatorSpec(
        name="roc",
        make=lambda p: Roc(Window(p["period"] + 1)),
        parameters={"period": bars(10, low=1)},
        inputs=("close",),
        first_bar=lambda p: period(p) + 1,
        formula="(close / close[period bars back] - 1) * 100",
        oracle="talib.ROC(close, period)",
        source="John J. Murphy, Technical Analysis of the Financial Markets, 1999",
    ),
    IndicatorSpec(
        name="mom",
        make=lambda p: Mom(Window(p["period"] + 1)),
        parameters={"period": bars(10, low=1)},
        inputs=("close",),
        first_bar=lambda p: period(p) + 1,
        formula="close - close[period bars back]",
        oracle="talib.MOM(close, period)",
        source="John J. Murphy, Technical Analysis of the Financial Markets, 1999",
    ),
    IndicatorSpec(
        name="cmo",
        make=lambda p: Cmo(p["period"]),
        parameters={"period": bars(14)},
        inputs=("close",),
        first_bar=lambda p: period(p) + 1,
        memory="recursive",
        formula="100 * (G - L) / (G + L), G and L as in rsi; 0 where G + L is 0",
        oracle="talib.CMO(close, period)",
        source="Tushar S. Chande and Stanley Kroll, The New Technical Trader, 1994; averages as in TA-Lib",
    ),
    IndicatorSpec(
        name="er",
        make=lambda p: EfficiencyRatio(Window(p["period"] + 1)),
        parameters={"period": bars(10)},
        inputs=("close",),
        first_bar=lambda p: period(p) + 1,
        formula="|change over `period` bars| / sum of |changes|; 1 where nothing moved, as in TA-Lib",
        oracle="talib.ER(close, period)",
        source="Perry J. Kaufman, Smarter Trading, 1995",
    ),
)
