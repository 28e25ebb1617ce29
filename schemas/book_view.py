"""What a reader of market.books makes of its events: the best levels of one book, or nothing while they are not known."""

from decimal import Decimal

from schemas.books import Book, Levels


class BookView:
    """One (symbol, source). `apply` events in their order; `bids` and `asks` are the best first while `valid`."""

    def __init__(self) -> None:
        self.valid = False
        self.seq = 0
        self.reason = "no snapshot yet"
        self._bids: dict[str, str] = {}
        self._asks: dict[str, str] = {}

    def apply(self, event: Book) -> bool:
        """Takes an event; returns whether the view is valid now. An update that does not follow on the last event makes it invalid until a snapshot."""
        if event.kind == "snapshot":
            self._bids, self._asks = dict(event.bids), dict(event.asks)
            self.valid, self.reason = True, ""
        elif event.kind == "invalid":
            self._drop(event.reason)
        elif self.valid and event.seq == self.seq + 1:
            _change(self._bids, event.bids)
            _change(self._asks, event.asks)
        elif self.valid and event.seq > self.seq:
            self._drop("an event is missing")
        else:
            return self.valid  # a repeat of one that was applied, or an update before the first snapshot
        self.seq = event.seq
        return self.valid

    @property
    def bids(self) -> Levels:
        """Highest first; empty unless valid."""
        return sorted(self._bids.items(), key=_price, reverse=True)

    @property
    def asks(self) -> Levels:
        """Lowest first; empty unless valid."""
        return sorted(self._asks.items(), key=_price)

    def _drop(self, reason: str) -> None:
        self._bids, self._asks = {}, {}
        self.valid, self.reason = False, reason


def _change(levels: dict[str, str], changes: Levels) -> None:
    for price, size in changes:
        if size == "0":
            levels.pop(price, None)
        else:
            levels[price] = size


def _price(level: tuple[str, str]) -> Decimal:
    return Decimal(level[0])
