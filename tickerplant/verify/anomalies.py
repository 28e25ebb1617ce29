"""Which ticks are far from what was usual, recomputed from the rows alone: blocks of trades, and of quotes, in the order of seq, each judged by the block
before it.

The formulas and their order of operations are those of docs/reference/quality.md, so that both sides round alike; the code is not theirs.
"""

import math
from statistics import median

from tickerplant.verify.parameters import Parameters
from tickerplant.verify.rows import TickRow

_OF_TRADES = ("price_anomaly", "volume_anomaly")
_OF_QUOTES = ("quote_price_anomaly", "spread_anomaly", "quote_size_anomaly")
CODES = _OF_TRADES + _OF_QUOTES
_NORMAL = 1.4826
_RECENT = 5
_EVERY = 31  # a quote with such a seq counts
_MOVED = 3


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
        return [code for code, applies in zip(_OF_TRADES, (jumps, size > largest), strict=True) if applies]

    def _turn(self) -> None:
        """When a block is full: its range holds from now on, and the block before it is forgotten."""
        window = self._parameters.anomaly_window
        if len(self._prices) % window == 0:
            del self._prices[:-window], self._sizes[:-window]
            self._range = _usual(self._prices, [math.log(size) for size in self._sizes], self._parameters)


class QuoteAnomalies:
    """`of` every quote of a series in the order of seq."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._block: list[tuple[float, float, float]] = []  # bid + ask, ask - bid, larger size
        self._range = (
            -math.inf,
            math.inf,
            math.inf,
            math.inf,
            math.inf,
        )  # lowest and highest bid + ask, half their distance, widest, largest
        self._run: list[float] = []  # bid + ask of those directly before this one that were outside

    def of(self, quote: TickRow) -> list[str]:
        """Codes of this quote; then it counts, if it is its turn."""
        bid, ask = float(quote.bid or 0), float(quote.ask or 0)
        lowest, highest, half, widest, largest = self._range
        both, spread, counts = bid + ask, ask - bid, quote.seq % _EVERY == 0
        size = max(float(quote.bid_size or 0), float(quote.ask_size or 0)) if counts else 0.0
        outside = not lowest <= both <= highest
        jumps = outside and not (len(self._run) >= _MOVED and abs(both - median(self._run[-_RECENT:])) <= half)
        self._run = [*self._run, both][-_RECENT:] if outside else []
        if counts and spread > 0 and size > 0:
            self._block.append((both, spread, size))
            self._turn()
        return [code for code, applies in zip(_OF_QUOTES, (jumps, spread > widest, size > largest), strict=True) if applies]

    def _turn(self) -> None:
        given = self._parameters
        if len(self._block) < given.anomaly_window:
            return
        sums, spreads, sizes = ([values[part] for values in self._block] for part in range(3))
        middle = median(sums)
        half = max(given.price_deviations * (_NORMAL * _spread(sums)), given.price_share * middle)
        widest = max(_top(spreads, given.spread_deviations, given.spread_factor), given.spread_share * middle / 2)
        self._range = (middle - half, middle + half, half, widest, _top(sizes, given.volume_deviations, given.volume_factor))
        self._block = []


def _top(values: list[float], deviations: float, factor: float) -> float:
    logs = [math.log(value) for value in values]
    return math.exp(median(logs) + max(deviations * (_NORMAL * _spread(logs)), math.log(factor)))


def _usual(prices: list[float], logs: list[float], given: Parameters) -> tuple[float, float, float, float]:
    middle = median(prices)
    half = max(given.price_deviations * (_NORMAL * _spread(prices)), given.price_share * middle)
    reach = max(given.volume_deviations * (_NORMAL * _spread(logs)), math.log(given.volume_factor))
    return middle - half, middle + half, half, math.exp(median(logs) + reach)


def _spread(values: list[float]) -> float:
    """The median of the distances from the median."""
    middle = median(values)
    return median([abs(value - middle) for value in values])
