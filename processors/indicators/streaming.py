"""All indicators of one series as one value that is updated bar by bar, copied and stored."""

from collections.abc import Iterable
from typing import cast

import msgspec

from processors.indicators.catalogue import Chosen
from processors.indicators.formulas.averages import Hma, Midpoint, Midprice, Sma, Trima, Wma
from processors.indicators.formulas.convergence import Apo, Awesome, Macd, Ppo, Pvo, Tsi
from processors.indicators.formulas.directional import Adx, Aroon, Sar, Vortex
from processors.indicators.formulas.momentum import Cmo, EfficiencyRatio, Mom, Momentum, Roc, Rsi
from processors.indicators.formulas.oscillators import (
    BalanceOfPower,
    Cci,
    Detrended,
    FastStochastic,
    Stochastic,
    StochasticRsi,
    UltimateOscillator,
    WilliamsR,
)
from processors.indicators.formulas.prices import AveragePrice, MedianPrice, TypicalPrice, WeightedClose
from processors.indicators.formulas.ranges import Atr, Donchian, Keltner, MeanRange, Natr, Supertrend, TrueRange
from processors.indicators.formulas.smoothing import T3, Dema, ExponentialMean, Kama, Tema, Trix, WilderMean, Zlema
from processors.indicators.formulas.spread import (
    BollingerBands,
    BollingerWidth,
    HistoricalVolatility,
    LinearRegression,
    StandardDeviation,
    Variance,
)
from processors.indicators.formulas.volume import (
    AccumulationDistribution,
    ChaikinMoneyFlow,
    ChaikinOscillator,
    ForceIndex,
    MoneyFlowIndex,
    OnBalanceVolume,
    PriceVolumeTrend,
    RelativeVolume,
    VolumeRateOfChange,
    VolumeWeightedMean,
    Vwap,
)
from processors.indicators.spec import Ohlcv, Values

_Averages = Hma | Midpoint | Midprice | Sma | Trima | Wma | T3 | Dema | ExponentialMean | Kama | Tema | Trix | WilderMean | Zlema
_Momentum = Apo | Awesome | Macd | Ppo | Pvo | Tsi | Cmo | EfficiencyRatio | Mom | Momentum | Roc | Rsi
_Oscillators = BalanceOfPower | Cci | Detrended | FastStochastic | Stochastic | StochasticRsi | UltimateOscillator | WilliamsR
_Trends = Adx | Aroon | Sar | Vortex | LinearRegression | AveragePrice | MedianPrice | TypicalPrice | WeightedClose
_Ranges = Atr | Donchian | Keltner | MeanRange | Natr | Supertrend | TrueRange
_Spreads = BollingerBands | BollingerWidth | HistoricalVolatility | StandardDeviation | Variance
_Volumes = AccumulationDistribution | ChaikinMoneyFlow | ChaikinOscillator | ForceIndex | MoneyFlowIndex | OnBalanceVolume
_MoreVolumes = PriceVolumeTrend | RelativeVolume | VolumeRateOfChange | VolumeWeightedMean | Vwap
AnyState = _Averages | _Momentum | _Oscillators | _Trends | _Ranges | _Spreads | _Volumes | _MoreVolumes  # told apart by the class's name


class States(msgspec.Struct, array_like=True):
    """States after `bars` bars; an update costs as much as the windows are long. It is plain data: encoded and decoded again it goes on to the last bit."""

    states: list[AnyState]
    bars: int = 0

    @classmethod
    def empty(cls, chosen: Iterable[Chosen]) -> "States":
        """Before the first bar."""
        return cls([cast(AnyState, choice.spec.make(choice.parameters)) for choice in chosen])

    def update(self, bar: Ohlcv) -> list[Values]:
        """Takes the next closed bar; the outputs of each indicator at it, empty while there is too little data."""
        self.bars += 1
        return [state.update(bar) for state in self.states]

    def copy(self) -> "States":
        """Independent of the original."""
        return _decode(_encode(self))


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(States).decode


def peek(states: States, forming: Ohlcv) -> list[Values]:
    """The outputs as they would be if the forming bar closed as it stands; the states stay as they are."""
    return states.copy().update(forming)
