"""Signals. Topic market.signals: one record a closed bar, hold included, so that a silent engine feed is visible."""

from typing import Literal

from msgspec import Struct

Action = Literal["buy", "sell", "hold"]
Resolution = Literal["hierarchy", "conflict", "weighted"]
Status = Literal["ok", "unwarm", "low_quality"]


class SignalComponent(Struct):
    """One indicator's vote: -1 sell, 0 hold, +1 buy; weight: its share, all weights sum to 1; warm: it has its minimum data."""

    signal: int
    weight: float
    warm: bool


class Signal(Struct):
    """The composite of one closed bar.

    components: by indicator name `macd`, `rsi`, `momentum`. score: weighted sum of the votes, -1..1.
    decided_by: the indicator that decided, or `score`, or `status` when a status other than ok forced hold.
    confidence: 0..1, bar_quality times the weight of the components that agree with the signal; 0 unless status is ok.
    valid_until_ns: event time after which the signal must not be acted on: a newer one should have come.
    revision: that of the indicators it was made from.
    """

    symbol: str
    source: str
    timeframe: str
    ts_open_ns: int
    ts_close_ns: int
    signal: int
    action: Action
    score: float
    confidence: float
    decided_by: str
    resolution: Resolution
    status: Status
    components: dict[str, SignalComponent]
    close: str
    revision: int
    bar_revision: int
    bar_kind: str
    bar_quality: float
    known_at_ns: int
    valid_until_ns: int
    primary: bool = True
    primary_epoch: int = 0
    v: int = 1
