"""What prices and sizes are usual in a series, by median and MAD: a few wild trades do not move them, as they would a mean and its deviation.

Trades are taken in blocks of `anomaly_window`, in the order in which they pass; those fetched to fill a hole take no part. Each block is judged by
the one before it, so there is nothing to judge by before the first is full. With float64 and in this order of operations:

    price:  half = max(price_width * 1.4826 * MAD, least_price_width * median); usual is from median - half to median + half
    size:   half = max(volume_width * 1.4826 * MAD, least_volume_width) of natural logarithms; usual is up to exp(median + half)

1.4826: see statistics.
A price outside is an anomaly only if it is also more than half away from the median of the five prices before it: a market that has moved for good
is odd for three trades, not for a block.
"""

import math

from msgspec import Struct

from processors.validate.limits import Limits
from processors.validate.statistics import median, median_and_deviation

RECENT = 5


class Usual(Struct, array_like=True):
    """prices, sizes: of the block that fills. recent: the last RECENT prices of the block before it. low, high, large, half: its usual range.

    from_ns, to_ns, count: event times between which it was filled, and its trades; from_ns is 0 before the second block.
    """

    prices: list[float] = []
    sizes: list[float] = []
    recent: list[float] = []
    low: float = -math.inf
    high: float = math.inf
    half: float = math.inf
    large: float = math.inf
    from_ns: int = 0
    to_ns: int = 0
    count: int = 1

    def is_jump(self, price: float) -> bool:
        """For a price outside low and high: is it also far from the prices just before it?"""
        return abs(price - median(sorted((self.recent + self.prices[-RECENT:])[-RECENT:]))) > self.half

    def close(self, limits: Limits, newest_event_ns: int) -> None:
        """The block is full: its range judges the next one."""
        self.from_ns, self.to_ns, self.count = self.to_ns, newest_event_ns, len(self.prices)
        middle, deviation = median_and_deviation(self.prices)
        self.half = max(limits.price_width * deviation, limits.least_price_width * middle)
        self.low, self.high = middle - self.half, middle + self.half
        middle, deviation = median_and_deviation([math.log(size) for size in self.sizes])
        self.large = math.exp(middle + max(limits.volume_width * deviation, limits.least_volume_width))
        self.recent = self.prices[-RECENT:]
        self.prices, self.sizes = [], []
