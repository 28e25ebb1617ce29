"""What a bar says about its trades: an aggregate that is exact, and the same whatever the order the trades come in or the way they are grouped."""

from decimal import Decimal

from msgspec import Struct, structs

from processors.bars.exact import text_of
from processors.bars.sides import Sides
from schemas.ticks import Quote, Trade

NEVER_NS = 2**63 - 1
_NOTHING, _HALF = Decimal(0), Decimal("0.5")
UNITS = 1_000_000  # of score: validate rounds it to 6 decimals, so sums of units are exact


class Fold(Struct, array_like=True, gc=False):
    """Trades of one interval. `first` and `last` are by (event time, seq). lost: units of score that the trades lost. reasons: sorted.

    Of a market that is quoted only: its quotes, with mid prices (exact: bid + ask has a half) and both sides, and no volume.
    Sums need the context processors.bars.exact.EXACT to be the current one: it never rounds.
    """

    first_ns: int
    first_seq: int
    last_ns: int
    last_seq: int
    open: str
    close: str
    high: Decimal
    low: Decimal
    volume: Decimal
    quote_volume: Decimal
    count: int
    lost: int
    reasons: tuple[str, ...]
    sides: Sides | None = None

    @classmethod
    def of(cls, trade: Trade, price: Decimal, size: Decimal) -> "Fold":
        """The fold of one trade. price and size: the trade's own, as numbers."""
        ns, seq, text = trade.ts_event_ns, trade.seq, trade.price
        reasons = tuple(sorted(trade.reasons))
        return cls(ns, seq, ns, seq, text, text, price, price, size, price * size, 1, _lost(trade.quality), reasons)

    @classmethod
    def of_quote(cls, quote: Quote, bid: Decimal, ask: Decimal) -> "Fold":
        """The fold of one quote."""
        ns, seq, mid = quote.ts_event_ns, quote.seq, (bid + ask) * _HALF
        text, reasons = text_of(mid), tuple(sorted(quote.reasons))
        sides = Sides.of(quote, bid, ask)
        return cls(ns, seq, ns, seq, text, text, mid, mid, _NOTHING, _NOTHING, 1, _lost(quote.quality), reasons, sides)

    def flat(self) -> "Fold":
        """The fold of a later interval without any trade: the price stands still at this one's close."""
        price, sides = Decimal(self.close), self.sides.flat() if self.sides else None
        return Fold(NEVER_NS, 0, -1, 0, self.close, self.close, price, price, _NOTHING, _NOTHING, 0, 0, (), sides)

    def copy(self) -> "Fold":
        return structs.replace(self, sides=self.sides.copy() if self.sides else None)

    def add(self, trade: Trade, price: Decimal, size: Decimal) -> None:
        """Takes one more trade in. The way most trades go is short: younger than the last, nothing odd about it."""
        ns = trade.ts_event_ns
        if ns > self.last_ns:
            self.last_ns, self.last_seq, self.close = ns, trade.seq, trade.price
        else:
            self._place(ns, trade.seq, trade.price)
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.volume += size
        self.quote_volume += price * size
        self.count += 1
        if trade.reasons:
            self.lost += _lost(trade.quality)
            self._add_reasons(trade.reasons)

    def _place(self, ns: int, seq: int, price: str) -> None:
        if (ns, seq) > (self.last_ns, self.last_seq):
            self.last_ns, self.last_seq, self.close = ns, seq, price
        elif (ns, seq) < (self.first_ns, self.first_seq):
            self.first_ns, self.first_seq, self.open = ns, seq, price

    def merge(self, other: "Fold") -> None:
        """Takes in another fold of other trades; it is left as it is."""
        is_earlier = (other.first_ns, other.first_seq) < (self.first_ns, self.first_seq)
        is_later = (other.last_ns, other.last_seq) > (self.last_ns, self.last_seq)
        if is_earlier:
            self.first_ns, self.first_seq, self.open = other.first_ns, other.first_seq, other.open
        if is_later:
            self.last_ns, self.last_seq, self.close = other.last_ns, other.last_seq, other.close
        self.high = max(self.high, other.high)
        self.low = min(self.low, other.low)
        self.volume += other.volume
        self.quote_volume += other.quote_volume
        self.count += other.count
        self.lost += other.lost
        self._add_reasons(other.reasons)
        if self.sides and other.sides:
            self.sides.merge(other.sides, is_earlier, is_later)

    def _add_reasons(self, reasons: tuple[str, ...]) -> None:
        if not set(reasons).issubset(self.reasons):
            self.reasons = tuple(sorted({*self.reasons, *reasons}))

    def score(self) -> float:
        """Mean quality of the trades, correctly rounded."""
        whole = self.count * UNITS
        return (whole - self.lost) / whole


def _lost(quality: float) -> int:
    return UNITS - round(quality * UNITS)
