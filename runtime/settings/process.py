"""All stages."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from runtime.sections import Section
from runtime.settings.failover import FailoverSettings
from runtime.settings.quality import QualitySettings
from runtime.settings.stages import IndicatorSettings, SignalWeights, StageSettings
from schemas.symbols import AssetClass
from schemas.timeframes import Timeframe


class ProcessSettings(Section):
    """The stages."""

    validate_: StageSettings = Field(StageSettings(pace_s=0.0), alias="validate")
    bars: StageSettings = StageSettings(pace_s=0.02)
    indicators: IndicatorSettings = IndicatorSettings(pace_s=0.0)
    signals: StageSettings = StageSettings(pace_s=0.0)
    quality: QualitySettings = QualitySettings()
    failover: FailoverSettings = FailoverSettings()
    alerts: StageSettings = StageSettings()
    timeframes: tuple[Timeframe, ...] = Field(tuple(Timeframe), min_length=1, description="1m is always built; the others from it")
    grace_s: float = Field(1.0, ge=0, le=3600, description="event time that a bar waits behind the watermark")
    asset_classes: dict[str, AssetClass] = Field(
        default_factory=dict, description="by symbol, where its name does not tell: crypto, equity, fx or index"
    )
    quote_bars: tuple[AssetClass, ...] = Field(
        ("fx", "index"), description="asset classes whose bars are built from quotes, not from trades"
    )
    history_bars: int = Field(
        64, ge=64, le=500, description="closed 1m bars that a late tick may correct through the stream; state grows with it"
    )
    synthetic_bars: tuple[str, ...] = Field((), description="symbols of which an interval without trades gets a bar; * for all")
    provider_bars: tuple[str, ...] = Field(
        (
            *("file-bars", "binance-bars", "coinbase-bars", "coinbase-advanced-bars", "kraken-bars", "kraken-v1-bars", "bitfinex-bars"),
            *("kucoin-bars", "htx-bars", "polygon-bars", "oanda-bars", "finnhub-bars"),
            *("yahoo", "fmp", "alpha-vantage", "tiingo-rest", "twelve-data-rest", "cryptocompare", "coingecko", "currencylayer", "quandl"),
        ),
        description="sources that send no trades: the bars that they build are published, and none are built of their ticks",
    )
    forming_timeframes: tuple[Timeframe, ...] = Field((Timeframe.M1,), description="timeframes whose open bars are shown; empty for none")
    forming_interval_s: float = Field(
        0.25,
        ge=0.25,
        le=60,
        description="an open bar that changed is shown so often at most; less often where that would take more than a tenth of the time",
    )
    rsi_period: int = Field(14, ge=2, le=500, description="closes of the relative strength index")
    macd_fast: int = Field(12, ge=2, le=500, description="bars of the fast average; below macd_slow")
    macd_slow: int = Field(26, ge=3, le=1000, description="bars of the slow average")
    macd_signal: int = Field(9, ge=2, le=500, description="bars of the signal line")
    momentum_period: int = Field(10, ge=1, le=500, description="bars back that the close is compared with")
    signal_weights: SignalWeights = SignalWeights()
    signal_resolution: Literal["hierarchy", "conflict", "weighted"] = Field(
        "hierarchy", description="how votes that disagree become one signal"
    )
    minimum_quality: float = Field(0.5, ge=0, le=1, description="a signal on bars below it says low_quality and holds")
    stall_timeout_s: float = Field(
        60.0,
        gt=0,
        le=3600,
        description="a partition with lag that does not move for so long, without others being worked on, ends the process",
    )

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.macd_fast >= self.macd_slow:
            raise ValueError(f"macd_fast ({self.macd_fast}) must be below macd_slow ({self.macd_slow})")
        return self
