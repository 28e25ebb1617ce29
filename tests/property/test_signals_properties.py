"""signals: bounds and symmetries that hold for every input."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.signals.composite import Components, decide, normalised
from runtime.settings import SignalWeights
from schemas.signals import SignalComponent

RESOLUTIONS = st.sampled_from(["hierarchy", "conflict", "weighted"])
VOTES = st.tuples(*[st.sampled_from([-1, 0, 1])] * 3)
WEIGHTS = st.builds(SignalWeights, macd=st.floats(0.001, 1000), rsi=st.floats(0, 1000), momentum=st.floats(0, 1000))
QUALITY = st.floats(0, 1)


def components(votes: tuple[int, ...], weights: SignalWeights, warm: bool = True) -> Components:
    return {name: SignalComponent(vote, weight, warm) for vote, (name, weight) in zip(votes, normalised(weights).items(), strict=True)}


@given(VOTES, WEIGHTS, RESOLUTIONS, QUALITY, QUALITY, st.booleans())
def test_bounds(votes: tuple[int, ...], weights: SignalWeights, resolution: str, quality: float, minimum: float, warm: bool) -> None:
    decision = decide(components(votes, weights, warm), resolution, quality, minimum)  # type: ignore[arg-type]
    assert decision.signal in (-1, 0, 1)
    assert -1.000001 <= decision.score <= 1.000001
    assert 0 <= decision.confidence <= quality + 1e-6
    assert decision.decided_by in ("macd", "rsi", "momentum", "score", "status")
    if decision.status != "ok":
        assert (decision.signal, decision.confidence, decision.decided_by) == (0, 0.0, "status")
    else:
        assert warm
        assert quality >= minimum


@given(VOTES, WEIGHTS, RESOLUTIONS)
def test_turned_around_votes_turn_the_signal_around(votes: tuple[int, ...], weights: SignalWeights, resolution: str) -> None:
    one = decide(components(votes, weights), resolution, 1.0, 0.0)  # type: ignore[arg-type]
    other = decide(components(tuple(-vote for vote in votes), weights), resolution, 1.0, 0.0)  # type: ignore[arg-type]
    assert (other.signal, other.decided_by, other.confidence) == (-one.signal, one.decided_by, one.confidence)
    assert other.score == pytest.approx(-one.score)


@given(VOTES, RESOLUTIONS, st.floats(0.001, 1000))
def test_only_the_proportion_of_the_weights_counts(votes: tuple[int, ...], resolution: str, factor: float) -> None:
    one, other = (
        decide(components(votes, SignalWeights(macd=weight, rsi=weight, momentum=weight)), resolution, 1.0, 0.0)  # type: ignore[arg-type]
        for weight in (1.0, factor)
    )
    assert (one.signal, one.decided_by) == (other.signal, other.decided_by)


@given(VOTES, WEIGHTS, RESOLUTIONS, st.lists(QUALITY, min_size=2, max_size=5))
def test_better_bars_never_make_it_less_sure(
    votes: tuple[int, ...], weights: SignalWeights, resolution: str, qualities: list[float]
) -> None:
    sure = [decide(components(votes, weights), resolution, quality, 0.5).confidence for quality in sorted(qualities)]  # type: ignore[arg-type]
    assert all(low <= high for low, high in pairwise(sure))
