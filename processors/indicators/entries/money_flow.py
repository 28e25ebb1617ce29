"""Money flow: volume by the place of the close in the bar, or by the direction of the price."""

from processors.indicators.blocks import Window
from processors.indicators.formulas.money_flow import AccumulationDistribution, ChaikinMoneyFlow, ChaikinOscillator, MoneyFlowIndex
from processors.indicators.spec import IndicatorSpec, bars, period

_CHAIKIN = "Marc Chaikin, Volume Accumulation Oscillator and Money Flow, 1982"
SPECS = (
    IndicatorSpec(
        name="ad",
        make=lambda _: AccumulationDistribution(),
        inputs=("high", "low", "close", "volume"),
        first_bar=lambda _: 1,
        memory="cumulative",
        formula="sum of ((close - low) - (high - close)) / (high - low) * volume",
        oracle="talib.AD(high, low, close, volume)",
        source=_CHAIKIN,
    ),
    IndicatorSpec(
        name="adosc",
        make=lambda p: ChaikinOscillator(p["fast"], p["slow"]),
        parameters={"fast": bars(3), "slow": bars(10, low=3, high=1000)},
        inputs=("high", "low", "close", "volume"),
        first_bar=lambda p: int(p["slow"]),
        ascending=("fast", "slow"),
        memory="recursive",
        formula="EMA(ad, fast) - EMA(ad, slow), both seeded with the first value of ad",
        oracle="talib.ADOSC(high, low, close, volume, fast, slow)",
        source=_CHAIKIN,
    ),
    IndicatorSpec(
        name="cmf",
        make=lambda p: ChaikinMoneyFlow(Window(p["period"]), Window(p["period"])),
        parameters={"period": bars(20)},
        inputs=("high", "low", "close", "volume"),
        first_bar=period,
        formula="sum of ((close - low) - (high - close)) / (high - low) * volume / sum of volume; 0 without volume",
        oracle="talib.CMF(high, low, close, volume, period)",
        source=_CHAIKIN,
    ),
    IndicatorSpec(
        name="mfi",
        make=lambda p: MoneyFlowIndex(Window(p["period"])),
        parameters={"period": bars(14)},
        inputs=("high", "low", "close", "volume"),
        first_bar=lambda p: period(p) + 1,
        formula="100 * P / (P + N); P, N: sums of tp * volume of bars whose tp = (high + low + close) / 3 rose and fell; 0 where P + N is 0",
        oracle="talib.MFI(high, low, close, volume, period)",
        source="Gene Quong and Avrum Soudack, Volume-Weighted RSI, Technical Analysis of Stocks & Commodities, 1989",
    ),
)
