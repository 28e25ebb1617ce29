"""The whole truth table of S0's composite: all 27 votes under each rule of resolution."""

from itertools import product

import pytest

from processors.signals.composite import decide, normalised
from runtime.errors import UserError
from runtime.settings import SignalWeights
from schemas.signals import Resolution, SignalComponent

EQUAL = (1.0, 1.0, 1.0)
NAMES = ("macd", "rsi", "momentum")


def components(votes: tuple[int, ...], weights: tuple[float, ...] = EQUAL, warm: bool = True) -> dict[str, SignalComponent]:
    shares = normalised(SignalWeights(**dict(zip(NAMES, weights, strict=True))))
    return {name: SignalComponent(vote, shares[name], warm) for name, vote in zip(NAMES, votes, strict=True)}


@pytest.mark.parametrize("votes", list(product((-1, 0, 1), repeat=3)))
def test_hierarchy(votes: tuple[int, int, int]) -> None:
    """S0: the first of MACD, RSI, momentum with a strong vote decides, whatever the weights; without one the sum, which then is 0."""
    decision = decide(components(votes), "hierarchy", 1.0, 0.5)
    strong = [(vote, name) for vote, name in zip(votes, NAMES, strict=True) if vote]
    assert (decision.signal, decision.decided_by) == (strong[0] if strong else (0, "score"))
    assert decision.score == pytest.approx(sum(votes) / 3)


def test_a_strong_macd_wins_whatever_the_weights() -> None:
    assert decide(components((1, -1, -1), (0.0, 5.0, 5.0)), "hierarchy", 1.0, 0.5).signal == 1


# votes -> (signal, decided_by) with equal weights: sums are -1, -2/3, -1/3, 0, 1/3, 2/3, 1, and 1/3 is above 0.33
@pytest.mark.parametrize("votes", list(product((-1, 0, 1), repeat=3)))
def test_weighted(votes: tuple[int, int, int]) -> None:
    decision = decide(components(votes), "weighted", 1.0, 0.5)
    assert (decision.signal, decision.decided_by) == ((sum(votes) > 0) - (sum(votes) < 0), "score")


@pytest.mark.parametrize("votes", list(product((-1, 0, 1), repeat=3)))
def test_conflict(votes: tuple[int, int, int]) -> None:
    """The hierarchy where +1 and -1 both occur, the sum elsewhere."""
    expected = "hierarchy" if {1, -1} <= set(votes) else "weighted"
    decision = decide(components(votes), "conflict", 1.0, 0.5)
    same = decide(components(votes), expected, 1.0, 0.5)
    assert (decision.signal, decision.decided_by, decision.confidence) == (same.signal, same.decided_by, same.confidence)


@pytest.mark.parametrize(("weights", "signal"), [((33, 33.5, 33.5), 0), ((34, 33, 33), 1), ((1, 0, 0), 1), ((0, 1, 1), 0)])
def test_the_sum_must_pass_a_third(weights: tuple[float, ...], signal: int) -> None:
    assert decide(components((1, 0, 0), weights), "weighted", 1.0, 0.5).signal == signal
    assert decide(components((-1, 0, 0), weights), "weighted", 1.0, 0.5).signal == -signal


@pytest.mark.parametrize("resolution", ["hierarchy", "conflict", "weighted"])
def test_unwarm_and_low_quality_hold(resolution: Resolution) -> None:
    for decision, status in (
        (decide(components((1, 1, 1), warm=False), resolution, 0.1, 0.5), "unwarm"),
        (decide(components((1, 1, 1)), resolution, 0.499999, 0.5), "low_quality"),
    ):
        assert (decision.signal, decision.decided_by, decision.confidence, decision.status) == (0, "status", 0.0, status)
        assert decision.score == pytest.approx(1.0)
    assert decide(components((1, 1, 1)), resolution, 0.5, 0.5).status == "ok"


@pytest.mark.parametrize(
    ("votes", "quality", "confidence"),
    [((1, 1, 1), 1.0, 1.0), ((1, -1, 0), 0.9, 0.3), ((1, 1, -1), 0.5, 0.333333), ((0, 0, 0), 0.8, 0.8), ((0, -1, -1), 1.0, 0.666667)],
)
def test_confidence_is_quality_times_the_weight_that_agrees(votes: tuple[int, ...], quality: float, confidence: float) -> None:
    assert decide(components(votes), "hierarchy", quality, 0.1).confidence == confidence


def test_weights_are_normalised_and_not_all_zero() -> None:
    assert normalised(SignalWeights(macd=2, rsi=1, momentum=1)) == {"macd": 0.5, "rsi": 0.25, "momentum": 0.25}
    with pytest.raises(UserError, match="signal_weights"):
        normalised(SignalWeights(macd=0, rsi=0, momentum=0))
