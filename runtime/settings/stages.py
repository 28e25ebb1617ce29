"""Pace of the stages, and what single ones are told."""

from pydantic import Field

from runtime.sections import Section


class StageSettings(Section):
    """Pace of one Faust stage. pace_s: waited before a fetch that follows a small one, latency for CPU."""

    pace_s: float = Field(0.01, ge=0, le=1, description="waited before a fetch that follows a small one: latency for CPU")
    commit_interval_s: float = Field(
        1.0, gt=0, le=60, description="at most so long is done again after a crash, or 0.23 s of work for each MB of state"
    )


class IndicatorSettings(StageSettings):
    """Pace of the stage, and what it computes beside RSI, MACD and momentum."""

    also: tuple[str, ...] = Field(
        (), max_length=500, description="more indicators: names or keys of the catalogue, as `atr` or `bbands_20_2.5`; or `all`"
    )


class SignalWeights(Section):
    """Weights of the components; normalised to a sum of 1."""

    macd: float = Field(1.0, ge=0, le=1000, description="weight of the macd vote")
    rsi: float = Field(1.0, ge=0, le=1000, description="weight of the rsi vote")
    momentum: float = Field(1.0, ge=0, le=1000, description="weight of the momentum vote")
