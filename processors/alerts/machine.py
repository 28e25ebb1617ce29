"""When a rule raises and clears: threshold, hysteresis, cool-down. The state of one rule on one series."""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from schemas.alerts import IndicatorCross, QualityBelow, SeriesRule
from schemas.timeframes import SECOND_NS

Transition = Literal["raised", "cleared"]


class Machine(Struct, array_like=True):
    """episode: alert_id of the raise that is not cleared yet, empty if there is none. raised_ns: event time of the last raise.

    previous: the number measured before, which a cross needs.
    """

    episode: str = ""
    raised_ns: int | None = None
    previous: Decimal | None = None

    def copy(self) -> "Machine":
        return Machine(self.episode, self.raised_ns, self.previous)

    def step(self, rule: SeriesRule, number: Decimal, ts_ns: int, *, judges: bool) -> Transition | None:
        """One number later. Who gets `raised` or `cleared` sets the episode. judges: False for samples before the rule, which only are `previous`."""
        previous, self.previous = self.previous, number
        if not judges:
            return None
        if self.episode:
            return "cleared" if _is_back(rule, number) else None
        if not _is_beyond(rule, number) or (isinstance(rule, IndicatorCross) and (previous is None or _is_beyond(rule, previous))):
            return None
        return "raised" if self.is_rested(rule.cooldown_s, ts_ns) else None

    def is_rested(self, cooldown_s: float, ts_ns: int) -> bool:
        """True once the cool-down since the last raise is over."""
        return is_rested(self.raised_ns, cooldown_s, ts_ns)


def is_rested(raised_ns: int | None, cooldown_s: float, ts_ns: int) -> bool:
    return raised_ns is None or ts_ns - raised_ns >= round(cooldown_s * SECOND_NS)


def _is_beyond(rule: SeriesRule, number: Decimal) -> bool:
    return number < rule.threshold if is_downward(rule) else number > rule.threshold


def _is_back(rule: SeriesRule, number: Decimal) -> bool:
    """Back from the threshold by the hysteresis; with none, the threshold itself is back."""
    return number >= rule.threshold + rule.hysteresis if is_downward(rule) else number <= rule.threshold - rule.hysteresis


def is_downward(rule: SeriesRule) -> bool:
    """True if the rule raises below its threshold."""
    return isinstance(rule, QualityBelow) or getattr(rule, "direction", "above") == "below"
