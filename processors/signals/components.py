"""The vote of each indicator: -1 sell, 0 hold, +1 buy. Thresholds and cross rules are S0's."""

from collections.abc import Callable, Mapping

RSI_OVERBOUGHT = 70.0
RSI_OVERSOLD = 30.0
MOMENTUM_THRESHOLD = 0.02

Values = Mapping[str, float]


def macd_vote(values: Values) -> int:
    """The bar at which the MACD line crosses its signal line: the histogram leaves zero or its other side. No vote without a bar before."""
    if "histogram" not in values or "previous_histogram" not in values:
        return 0
    now, before = values["histogram"], values["previous_histogram"]
    if now > 0 and before <= 0:
        return 1
    return -1 if now < 0 and before >= 0 else 0


def rsi_vote(values: Values) -> int:
    """Overbought says sell, oversold says buy; the thresholds themselves say nothing, and neither does a price that never moved: its RSI is 50."""
    if "value" not in values:
        return 0
    return _outside(values["value"], RSI_OVERSOLD, RSI_OVERBOUGHT, below=1)


def momentum_vote(values: Values) -> int:
    """More than 2 % up says buy, more than 2 % down says sell."""
    if "value" not in values:
        return 0
    return _outside(values["value"], -MOMENTUM_THRESHOLD, MOMENTUM_THRESHOLD, below=-1)


def _outside(value: float, low: float, high: float, below: int) -> int:
    """`below` under low, its opposite over high, 0 between and on either."""
    if value < low:
        return below
    return -below if value > high else 0


# In the order of rank: where they disagree, the first with a vote decides.
VOTES: dict[str, Callable[[Values], int]] = {"macd": macd_vote, "rsi": rsi_vote, "momentum": momentum_vote}
