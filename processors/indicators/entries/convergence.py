"""Differences of two moving averages."""

from processors.indicators.blocks import Ema, Sma
from processors.indicators.formulas.convergence import Apo, Awesome, Macd, Ppo, Pvo, Tsi
from processors.indicators.spec import IndicatorSpec, bars

_APPEL = "Gerald Appel, Technical Analysis: Power Tools for Active Investors, 2005"

SPECS = (
    IndicatorSpec(
        name="macd",
        make=lambda p: Macd.of(p["fast"], p["slow"], p["signal"]),
        parameters={"fast": bars(12), "slow": bars(26, low=3, high=1000), "signal": bars(9)},
        inputs=("close",),
        outputs=("macd", "signal", "histogram", "previous_histogram"),
        first_bar=lambda p: int(p["slow"] + p["signal"] - 1),
        minimum=lambda p: int(p["slow"] + p["signal"] + 10),
        ascending=("fast", "slow"),
        memory="recursive",
        formula="macd = EMA(close, fast) - EMA(close, slow); signal = EMA(macd, signal); histogram = macd - signal; EMAs seeded with simple means",
        oracle="talib.MACD(close, fast, slow, signal)",
        source=_APPEL,
    ),
    IndicatorSpec(
        name="apo",
        make=lambda p: Apo(Ema(p["fast"]), Ema(p["slow"])),
        parameters={"fast": bars(12), "slow": bars(26, low=3, high=1000)},
        inputs=("close",),
        first_bar=lambda p: int(p["slow"]),
        ascending=("fast", "slow"),
        memory="recursive",
        formula="EMA(close, fast) - EMA(close, slow)",
        oracle="talib.APO(close, fast, slow, 1)",
        source=_APPEL,
    ),
    IndicatorSpec(
        name="ppo",
        make=lambda p: Ppo(Ema(p["fast"]), Ema(p["slow"])),
        parameters={"fast": bars(12), "slow": bars(26, low=3, high=1000)},
        inputs=("close",),
        first_bar=lambda p: int(p["slow"]),
        ascending=("fast", "slow"),
        memory="recursive",
        formula="(EMA(close, fast) - EMA(close, slow)) / EMA(close, slow) * 100",
        oracle="talib.PPO(close, fast, slow, 1)",
        source=_APPEL,
    ),
    IndicatorSpec(
        name="pvo",
        make=lambda p: Pvo(Ema(p["fast"]), Ema(p["slow"])),
        parameters={"fast": bars(12), "slow": bars(26, low=3, high=1000)},
        inputs=("volume",),
        first_bar=lambda p: int(p["slow"]),
        ascending=("fast", "slow"),
        memory="recursive",
        formula="(EMA(volume, fast) - EMA(volume, slow)) / EMA(volume, slow) * 100",
        oracle="talib.PVO(volume, fast, slow, 1)",
        source=_APPEL,
    ),
    IndicatorSpec(
        name="ao",
        make=lambda p: Awesome(Sma(p["fast"]), Sma(p["slow"])),
        parameters={"fast": bars(5), "slow": bars(34, low=3, high=1000)},
        inputs=("high", "low"),
        first_bar=lambda p: int(p["slow"]),
        ascending=("fast", "slow"),
        formula="SMA((high + low) / 2, fast) - SMA((high + low) / 2, slow)",
        oracle="talib.AO(high, low, fast, slow)",
        source="Bill Williams, New Trading Dimensions, 1998",
    ),
    IndicatorSpec(
        name="tsi",
        make=lambda p: Tsi.of(p["first"], p["second"]),
        parameters={"first": bars(25), "second": bars(13)},
        inputs=("close",),
        first_bar=lambda p: int(p["first"] + p["second"]),
        memory="recursive",
        formula="100 * EMA(EMA(change, first), second) / EMA(EMA(|change|, first), second); 0 where nothing moved",
        oracle="talib.TSI(close, first, second)",
        source="William Blau, Momentum, Direction, and Divergence, 1995",
    ),
)
