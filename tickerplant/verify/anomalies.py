"""Which trades are far from what was usual, recomputed from the rows alone: blocks of trades in the order of seq, each judged by the block before it.

The formulas and their order of operations are those of docs/reference/quality.md, so that both sides round alike; the code is not theirs.
"""

import math
from statistics import median

from tickerplant.verify.parameters import Parameters
from tickerplant.verify.rows import TickRow

CODES = ("price_anomaly", "volume_anomaly")
_NORMAL = 1.4826
_RECENT = 5


class Anomalies:
    """`of` every trade of a series in the order of seq. Trades that were fetched to fill a hole are neither judged nor counted."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._prices: list[float] = []  # of the block before this one and of this one
        self._sizes: list[float] = []
        self._range = (-math.inf, math.inf, math.inf, math.inf)  # lowest and highest usual price, half their distance, largest usual size

    def of(self, trade: TickRow) -> list[str]:
        """Codes of this trade; then it counts."""
        if trade.filled:
            return []
        price, size = float(trade.price or 0), float(trade.volume or 0)
        lowest, highest, half, largest = self._range
        jumps = not lowest <= price <= highest and abs(price - median(self._prices[-_RECENT:])) > half
        self._prices.append(price)
        self._sizes.append(size)
        self._turn()
        return [code for code, applies in zip(CODES, (jumps, size > largest), strict=True) if applies]

    def _turn(self) -> None:
        """When a block is full: its range holds from now on, and the block before it is forgotten."""
        window = self._parameters.anomaly_window
        if len(self._prices) % window == 0:
            del self._prices[:-window], self._sizes[:-window]
            self._range = _usual(self._prices, [math.log(size) for size in self._sizes], self._parameters)


def _usual(prices: list[float], logs: list[float], given: Parameters) -> tuple[float, float, float, float]:
    middle = median(prices)
    half = max(given.price_deviations * (_NORMAL * _spread(prices)), given.price_share * middle)
    reach = max(given.volume_deviations * (_NORMAL * _spread(logs)), math.log(given.volume_factor))
    return middle - half, middle + half, half, math.exp(median(logs) + reach)


def _spread(values: list[float]) -> float:
    """The median of the distances from the median."""
    middle = median(values)
    return median([abs(value - middle) for value in values])
