"""One order book, from a snapshot and the differences after it. Pure."""

from ingestors.books.side import BookSide
from schemas.books import BookDifference, Levels


class OrderBook:
    """Both sides, and the venue's number of the last change. depth: levels a side that the venue keeps; 0: all."""

    __slots__ = ("asks", "bids", "ts_event_ns", "ts_ingest_ns", "update_id")

    def __init__(self, snapshot: BookDifference, depth: int = 0) -> None:
        """Raises BadLevel."""
        self.bids, self.asks = BookSide(1, depth), BookSide(-1, depth)
        self.change(snapshot)

    def change(self, difference: BookDifference) -> None:
        """Applies all of one message. Raises BadLevel: then the book must be thrown away."""
        self.bids.change(difference.bids)
        self.asks.change(difference.asks)
        self.update_id = difference.last_update_id
        self.ts_event_ns, self.ts_ingest_ns = difference.ts_event_ns, difference.ts_ingest_ns

    @property
    def crossed(self) -> bool:
        """The best bid is not below the best ask."""
        bid, ask = self.bids.best_key, self.asks.best_key
        return bid is not None and ask is not None and bid + ask >= 0

    def best(self, depth: int) -> tuple[Levels, Levels]:
        """(bids, asks), the best first."""
        return self.bids.best(depth), self.asks.best(depth)
