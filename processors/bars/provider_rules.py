"""What is wrong or odd about bars that a provider built: each by itself, and against its neighbours. Pure: bars in, findings out.

Which side of a break is the wrong one cannot be told from the bars alone: a finding names the bar at which the break is, entry and exit of a run.
Bars are of one symbol and timeframe, oldest first. `split`: new shares for one old share (5: five for one; 0.1: one for ten), as Yahoo writes it.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from schemas.bars import Bar
from schemas.reasons import Reason

_SCALE = math.log(100)  # pence for pounds, cents for rands
_SCALE_TOLERANCE = math.log(1.3)  # what else a price may have moved within the step
_SPLIT_TOLERANCE = math.log(3)
_DIVIDEND_TOLERANCE = Decimal("0.5")  # of the step that a dividend should make: a price moves between two closes too


class Finding(NamedTuple):
    """One defect, at the bar that opens at ts_open_ns."""

    ts_open_ns: int
    reason: Reason
    text: str


class Actions(NamedTuple):
    """What the provider says beside the bars, each by ts_open_ns. adjusted_closes: closes with later dividends taken off.

    splits_adjusted: earlier prices are already divided by the splits, so that no step may have a split's size; else one is right at the split's own bar.
    """

    splits: Mapping[int, Decimal] = {}
    dividends: Mapping[int, Decimal] = {}
    adjusted_closes: Mapping[int, Decimal] = {}
    splits_adjusted: bool = True


def findings(bars: Sequence[Bar], actions: Actions | None = None, expected_opens: Iterable[int] = ()) -> list[Finding]:
    """All of the rules, by time. expected_opens: where the market's calendar wants a bar; empty: that is not judged."""
    actions = actions or Actions()
    found = [finding for bar in bars for finding in of_bar(bar)]
    usable = [bar for bar in bars if min(_prices(bar).values()) > 0]
    found += of_steps(usable, actions)
    found += of_dividends(usable, actions)
    found += missing(bars, expected_opens)
    return sorted(found, key=lambda finding: finding.ts_open_ns)


def of_bar(bar: Bar) -> Iterator[Finding]:
    """Prices above 0; low and high enclose open and close; no field a hundred times another."""
    prices = _prices(bar)
    for name, price in prices.items():
        if price <= 0:
            yield Finding(bar.ts_open_ns, Reason.NON_POSITIVE_PRICE, f"{name} is {price}")
            return
    low, high = prices["low"], prices["high"]
    for name in ("open", "close"):
        if not low <= prices[name] <= high:
            yield Finding(bar.ts_open_ns, Reason.OHLC_VIOLATION, f"{name} {prices[name]} is not between low {low} and high {high}")
    if _is_scale(math.log(high / low)):
        yield Finding(bar.ts_open_ns, Reason.PRICE_SCALE, f"high {high} is about 100 times low {low}")


def of_steps(bars: Iterable[Bar], actions: Actions) -> Iterator[Finding]:
    """Steps from close to close that have the size of a declared split, or of a factor of 100. Prices must be above 0.

    A step is of a split's size if what is left after undoing the split is below a factor of 3 and less than half of the step (of logarithms).
    """
    for before, bar in pairwise(bars):
        step = math.log(Decimal(bar.close) / Decimal(before.close))
        split = _split_of(step, bar.ts_open_ns, actions)
        if split is not None:
            text = f"the close goes from {before.close} to {bar.close}, the size of the split of {split}"
            yield Finding(bar.ts_open_ns, Reason.SPLIT_SUSPECTED, text)
        elif _is_scale(step) and not _is_own_step(step, bar.ts_open_ns, actions):
            yield Finding(bar.ts_open_ns, Reason.PRICE_SCALE, f"the close goes from {before.close} to {bar.close}, a factor of about 100")


def _split_of(step: float, ts_open_ns: int, actions: Actions) -> Decimal | None:
    """The declared split that the step looks like; not one that is right there."""
    if _is_own_step(step, ts_open_ns, actions):
        return None
    return next((split for split in actions.splits.values() if _is_like(abs(step), split)), None)


def _is_own_step(step: float, ts_open_ns: int, actions: Actions) -> bool:
    """Prices that are not adjusted step at the split's own bar, down if there are more shares."""
    split = actions.splits.get(ts_open_ns)
    return not actions.splits_adjusted and split is not None and (step < 0) == (split > 1) and _is_like(abs(step), split)


def _is_like(step: float, split: Decimal) -> bool:
    left = abs(step - abs(math.log(split)))
    return left <= _SPLIT_TOLERANCE and left < step / 2


def _is_scale(step: float) -> bool:
    return abs(abs(step) - _SCALE) <= _SCALE_TOLERANCE


def of_dividends(bars: Iterable[Bar], actions: Actions) -> Iterator[Finding]:
    """Adjusted closes before a dividend must be lower than the closes by its share: close x (1 - dividend / close before it)."""
    closes = actions.adjusted_closes
    for before, bar in pairwise(bars):
        dividend = actions.dividends.get(bar.ts_open_ns)
        if not dividend or before.ts_open_ns not in closes or bar.ts_open_ns not in closes:
            continue
        wanted = dividend / Decimal(before.close)
        taken = 1 - closes[before.ts_open_ns] / Decimal(before.close) / (closes[bar.ts_open_ns] / Decimal(bar.close))
        if abs(taken - wanted) > _DIVIDEND_TOLERANCE * wanted:
            text = f"the dividend of {dividend} should take {wanted:.4f} of the closes before it, it took {taken:.4f}"
            yield Finding(bar.ts_open_ns, Reason.ADJUSTMENT_MISSING, text)


def missing(bars: Iterable[Bar], expected_opens: Iterable[int]) -> list[Finding]:
    """Expected bars between the first and the last that are not there."""
    there = {bar.ts_open_ns for bar in bars}
    first, last = min(there, default=0), max(there, default=-1)
    absent = sorted({opens for opens in expected_opens if first < opens < last} - there)
    return [Finding(opens, Reason.MISSING_INTERVAL, "the market was open, and there is no bar") for opens in absent]


def _prices(bar: Bar) -> dict[str, Decimal]:
    return {"open": Decimal(bar.open), "high": Decimal(bar.high), "low": Decimal(bar.low), "close": Decimal(bar.close)}
