"""What a feed may ask its venue about the past. One subclass a provider, in its client.py; what it does not override the venue does not have."""

from schemas.books import BookDifference
from schemas.ticks import Trade


class History:
    """All wait for the network and the venue's limits, and raise TransientError when it cannot be asked now, UserError when it refuses.

    pages_past: `trade_at` answers and trades go back as far as anybody asks, so that a backfill may page through them.
    book_interval_s: questions for books are at least so far apart, so that they take a third of the venue's limit at most.
    """

    book_interval_s = 0.5
    pages_past = False

    async def trade_at(self, symbol: str, at_ns: int) -> int | None:
        """Where pages_past: the id of the first trade at or after a time; None where there is none yet."""
        return None

    async def trades(self, symbol: str, from_id: int, limit: int, from_ns: int = 0) -> list[Trade]:
        """For venues that number trades without holes: those of a canonical symbol from an id on, ascending, at most `limit` or the venue's page (at
        least 1,000, or all); ts_ingest_ns is 0. from_ns: the event time of a trade before from_id, for venues that find trades by time alone; 0: unknown."""
        return []

    async def trades_since(self, symbol: str, from_ns: int) -> list[Trade]:
        """For all others: the newest trades, ascending, as far back as from_ns and a trade before it, or as the venue goes; ts_ingest_ns is 0."""
        return []

    async def book(self, symbol: str) -> BookDifference | None:
        """Where books begin with a snapshot that must be asked for: all levels that the venue shows; ts_ingest_ns is 0."""
        return None

    async def newest_update_id(self, symbol: str) -> int | None:
        """The number of the book's newest state, where quotes and books share it; else None."""
        return None
