"""What prices, spreads and sizes are usual in the quotes of a series, as `usual` has it for trades.

Quotes are many, and neighbours alike: those count whose seq is a multiple of 31, unless they are crossed or both sides are empty. They are taken in
blocks of `anomaly_window`, each judges the quotes up to the end of the next one, with float64 and in this order of operations:

    price:  of bid + ask: half = max(price_width * 1.4826 * MAD, least_price_width * median); usual is from median - half to median + half
    spread: of ask - bid: half = max(spread_width * 1.4826 * MAD, least_spread_width) of natural logarithms; usual is up to
            max(exp(median + half), least_spread * (median of bid + ask) / 2)
    size:   of the larger side: half = max(volume_width * 1.4826 * MAD, least_volume_width) of natural logarithms; usual is up to exp(median + half)

A price outside is an anomaly unless three quotes directly before it were outside too, and it is within half of their median (of five at most): a market
that has moved for good is odd for three quotes, not for a block. Sizes are judged of the quotes that count.
"""

import math

from msgspec import Struct

from processors.validate.limits import Limits
from processors.validate.statistics import median, median_and_deviation

EVERY = 31
_RUN, _MOVED = 5, 3
_INNER = 0.49  # of the largest usual spread: less than half, so that rounding never makes a difference


class UsualQuotes(Struct, array_like=True):
    """sums, spreads, sizes: of the block that fills. low, high, half: usual range of bid + ask; wide, large: largest usual spread and size. outside: bid + ask of
    the quotes directly before, as far as they were outside; at most five. least, most: a quote between them is usual in price and spread, which spares the rest.
    """

    sums: list[float] = []
    spreads: list[float] = []
    sizes: list[float] = []
    low: float = -math.inf
    high: float = math.inf
    half: float = math.inf
    wide: float = math.inf
    large: float = math.inf
    outside: list[float] = []
    least: float = -math.inf
    most: float = math.inf

    def judge(self, bid: float, ask: float) -> tuple[bool, bool]:
        """(its price is an anomaly, its spread is); of every quote that is not between least and most, or odd otherwise, once."""
        both = bid + ask
        if self.low <= both <= self.high:
            self.outside = []
            return False, ask - bid > self.wide
        run = self.outside
        jumps = len(run) < _MOVED or abs(both - median(sorted(run))) > self.half
        self.outside = [*run, both][-_RUN:]
        return jumps, ask - bid > self.wide

    def count(self, bid: float, ask: float, size: float, limits: Limits) -> None:
        """A quote whose turn it is: part of the block if it is a quote of a market."""
        if bid < ask and size > 0:
            self.sums.append(bid + ask)
            self.spreads.append(ask - bid)
            self.sizes.append(size)
            if len(self.sums) >= limits.anomaly_window:
                self._close(limits)

    def _close(self, limits: Limits) -> None:
        """The block is full: its range holds from now on."""
        middle, deviation = median_and_deviation(self.sums)
        self.half = max(limits.price_width * deviation, limits.least_price_width * middle)
        self.low, self.high = middle - self.half, middle + self.half
        self.wide = max(_largest(self.spreads, limits.spread_width, limits.least_spread_width), limits.least_spread * middle / 2)
        self.large = _largest(self.sizes, limits.volume_width, limits.least_volume_width)
        reach = min(self.half / 2, _INNER * self.wide)
        self.least, self.most = middle / 2 - reach, middle / 2 + reach
        self.sums, self.spreads, self.sizes = [], [], []


def _largest(values: list[float], width: float, least: float) -> float:
    """By logarithms: a spread or a size is usual in its magnitude."""
    middle, deviation = median_and_deviation([math.log(value) for value in values])
    return math.exp(middle + max(width * deviation, least))
