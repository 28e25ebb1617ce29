"""What the stages were configured with, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.settings import Settings

NS = 1_000_000_000


NUMBERED = (
    "binance",
    "binance-simulated",
    "coinbase",
    "kraken",
    "binance-history",
    "coinbase-history",
)  # sources that number a symbol's trades without holes


@dataclass(frozen=True, slots=True)
class Parameters:
    """timeframes: names such as `1m`, shortest first, 1m always among them. weights: by component name, sum 1.

    numbered_sources: sources that number a symbol's trades without holes. start_ns: rows before it are not judged; it says that retention cut the
    tables, so that counts from the beginning (seq, seed_bars, the first trade) are unknown; 0 is the beginning of all. also: indicators beside the
    three that signals are made of, as the setting names them.
    history_bars: closed 1m bars that the stream keeps for late trades. asset_classes to synthetic_bars: the settings of the same names; they say which bars trades alone do not make.
    """

    timeframes: tuple[str, ...]
    grace_ns: int
    rsi_period: int
    macd_fast: int
    macd_slow: int
    macd_signal: int
    momentum_period: int
    weights: dict[str, float]
    resolution: str
    minimum_quality: float
    numbered_sources: tuple[str, ...] = NUMBERED
    ahead_ns: int = 600 * NS
    stale_quote_ns: int = 900 * NS
    anomaly_window: int = 64
    price_deviations: float = 10.0
    price_share: float = 0.005
    volume_deviations: float = 8.0
    volume_factor: float = 10_000.0
    spread_deviations: float = 8.0
    spread_factor: float = 100.0
    spread_share: float = 0.005
    start_ns: int = 0
    also: tuple[str, ...] = ()
    asset_classes: Mapping[str, str] = field(default_factory=dict)
    quote_bars: tuple[str, ...] = ()
    provider_bars: tuple[str, ...] = ()
    synthetic_bars: tuple[str, ...] = ()
    history_bars: int = 64


def from_settings(settings: Settings, start_ns: int = 0) -> Parameters:
    """The parameters of the running configuration."""
    process, quality = settings.process, settings.process.quality
    weights = {"macd": process.signal_weights.macd, "rsi": process.signal_weights.rsi, "momentum": process.signal_weights.momentum}
    total = sum(weights.values()) or 1.0
    return Parameters(
        timeframes=tuple(dict.fromkeys(["1m", *(str(timeframe) for timeframe in process.timeframes)])),
        grace_ns=round(process.grace_s * NS),
        rsi_period=process.rsi_period,
        macd_fast=process.macd_fast,
        macd_slow=process.macd_slow,
        macd_signal=process.macd_signal,
        momentum_period=process.momentum_period,
        weights={name: weight / total for name, weight in weights.items()},
        resolution=process.signal_resolution,
        minimum_quality=process.minimum_quality,
        numbered_sources=tuple(
            dict.fromkeys([*NUMBERED, settings.binance.source, settings.providers.coinbase.source, settings.providers.kraken.source])
        ),
        ahead_ns=round(quality.ahead_s * NS),
        stale_quote_ns=round(quality.stale_quote_s * NS),
        anomaly_window=quality.anomaly_window,
        price_deviations=quality.price_deviations,
        price_share=quality.price_share,
        volume_deviations=quality.volume_deviations,
        volume_factor=quality.volume_factor,
        spread_deviations=quality.spread_deviations,
        spread_factor=quality.spread_factor,
        spread_share=quality.spread_share,
        start_ns=start_ns,
        also=process.indicators.also,
        asset_classes=process.asset_classes,
        quote_bars=process.quote_bars,
        provider_bars=process.provider_bars,
        synthetic_bars=process.synthetic_bars,
        history_bars=process.history_bars,
    )
