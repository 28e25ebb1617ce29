"""From votes and weights to one signal, with what decided it and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from runtime.errors import UserError
from runtime.settings import SignalWeights
from schemas.signals import Action, Resolution, SignalComponent, Status

SCORE_THRESHOLD = 0.33
ACTIONS: dict[int, Action] = {1: "buy", 0: "hold", -1: "sell"}

Components = Mapping[str, SignalComponent]


@dataclass(frozen=True, slots=True)
class Decision:
    """signal -1, 0 or +1; decided_by: an indicator, `score`, or `status`; see schemas.signals.Signal."""

    signal: int
    decided_by: str
    score: float
    confidence: float
    status: Status


def normalised(weights: SignalWeights) -> dict[str, float]:
    """Weights with a sum of 1. Raises UserError if all are zero."""
    given = {"macd": weights.macd, "rsi": weights.rsi, "momentum": weights.momentum}
    total = sum(given.values())
    if total <= 0:
        raise UserError("setting process.signal_weights: all weights are zero; give at least one indicator a weight above 0")
    return {name: weight / total for name, weight in given.items()}


def decide(components: Components, resolution: Resolution, bar_quality: float, minimum_quality: float) -> Decision:
    """The composite of one bar. components: in the order of rank."""
    score = sum(component.signal * component.weight for component in components.values())
    status = _status(components, bar_quality, minimum_quality)
    if status != "ok":
        return Decision(0, "status", score, 0.0, status)
    signal, decided_by = _resolve(components, resolution, score)
    agreeing = sum(component.weight for component in components.values() if component.signal == signal)
    return Decision(signal, decided_by, score, round(bar_quality * agreeing, 6), status)


def _status(components: Components, bar_quality: float, minimum_quality: float) -> Status:
    if not all(component.warm for component in components.values()):
        return "unwarm"
    return "low_quality" if bar_quality < minimum_quality else "ok"


def _resolve(components: Components, resolution: Resolution, score: float) -> tuple[int, str]:
    """hierarchy: the first with a vote decides; conflict: only where votes disagree; weighted: never. Else the score decides."""
    votes = {name: component.signal for name, component in components.items() if component.signal}
    disagree = len(set(votes.values())) > 1
    if votes and (resolution == "hierarchy" or (resolution == "conflict" and disagree)):
        name = next(iter(votes))
        return votes[name], name
    if score > SCORE_THRESHOLD:
        return 1, "score"
    return (-1 if score < -SCORE_THRESHOLD else 0), "score"
