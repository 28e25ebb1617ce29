"""Bars that a venue built (market.bars.raw): what makes one wrong, and which of them are published.

Only the bar itself is looked at. A wrong one is refused whichever its source is; a right one is published for the sources of process.provider_bars alone.
"""

from decimal import Decimal

from processors.forms import is_number, is_symbol
from runtime.errors import InvalidRecord
from schemas.bars import Bar
from schemas.reasons import Reason
from schemas.timeframes import Timeframe

_TIMEFRAMES = frozenset(timeframe.value for timeframe in Timeframe)


def check(bar: Bar) -> None:
    """Raises InvalidRecord with the first fault: a field, a number, a price or size, or prices that contradict each other."""
    if bar.kind != "provider" or bar.timeframe not in _TIMEFRAMES or not is_symbol(bar.symbol):
        raise InvalidRecord(Reason.INVALID_FIELD, f"a {bar.kind} bar of {bar.symbol[:64]!r}, {bar.timeframe[:8]!r}")
    if not 0 <= bar.ts_open_ns < bar.ts_close_ns:
        raise InvalidRecord(Reason.TIME_OUT_OF_RANGE, f"from {bar.ts_open_ns} to {bar.ts_close_ns}")
    prices = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}
    amounts = {"volume": bar.volume, "quote_volume": bar.quote_volume}
    for name, text in (prices | amounts | {"vwap": bar.vwap}).items():
        if not is_number(text):
            raise InvalidRecord(Reason.NOT_A_NUMBER, f"{name} {text[:64]!r} is no plain decimal number")
    _check_values({name: Decimal(text) for name, text in prices.items()}, {name: Decimal(text) for name, text in amounts.items()})


def _check_values(prices: dict[str, Decimal], amounts: dict[str, Decimal]) -> None:
    for name, price in prices.items():
        if price <= 0:
            raise InvalidRecord(Reason.NON_POSITIVE_PRICE, f"{name} is {price}")
    for name, amount in amounts.items():
        if amount < 0:
            raise InvalidRecord(Reason.NON_POSITIVE_SIZE, f"{name} is {amount}")
    low, high = prices["low"], prices["high"]
    for name in ("open", "close"):
        if not low <= prices[name] <= high:
            raise InvalidRecord(Reason.OHLC_VIOLATION, f"{name} {prices[name]} is not between low {low} and high {high}")
