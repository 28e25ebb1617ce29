"""The books of one source in a running feed: differences and snapshots go in, what readers of market.books should know comes out."""

from collections.abc import Callable, Collection

from ingestors.books.keeper import BookKeeper, BookRules
from ingestors.books.order_book import OrderBook
from ingestors.books.top import TopOfBooks
from runtime import metrics
from runtime.settings import IngestSettings
from schemas.books import Book, BookDifference
from schemas.reasons import Reason

SECOND_NS = 1_000_000_000


class BookDesk:
    """rules: None for a source without books, which then has none here. publish(event, received_ns) writes an event; nothing here waits."""

    def __init__(self, source: str, rules: BookRules | None, settings: IngestSettings, publish: Callable[[Book, int], None]) -> None:
        self._source = source
        self._publish = publish
        interval_ns, snapshot_ns = int(settings.book_interval_s * SECOND_NS), int(settings.book_snapshot_s * SECOND_NS)
        self._top = TopOfBooks(source, settings.book_levels, interval_ns, snapshot_ns)
        self._keeper = BookKeeper(rules, self._top.changed, self._broke) if rules and settings.book_levels else None
        self._asks = rules is not None and rules.snapshots == "asked"

    def hear(self, difference: BookDifference, received_ns: int) -> None:
        """One message of the venue, or a snapshot that was fetched."""
        if self._keeper:
            self._keeper.apply(difference)
            self.tell(difference.ts_ingest_ns, received_ns)

    def restart(self, symbols: Collection[str], ingest_ns: int, received_ns: int) -> None:
        """A new connection carries these symbols."""
        if self._keeper:
            self._keeper.restart(symbols, ingest_ns)
            self.tell(ingest_ns, received_ns)

    def tell(self, ingest_ns: int, received_ns: int) -> None:
        """Publishes what is due."""
        for event in self._top.take(ingest_ns):
            self._publish(event, received_ns)

    def to_fetch(self) -> list[str]:
        """Symbols whose differences wait for a snapshot that must be fetched."""
        return sorted(self._keeper.wanted) if self._keeper and self._asks else []

    def book(self, symbol: str) -> OrderBook | None:
        """None while it is not known."""
        return self._keeper.book(symbol) if self._keeper else None

    def _broke(self, symbol: str, reason: Reason, ingest_ns: int) -> None:
        metrics.BOOK_BREAKS.labels(self._source, reason.value).inc()
        self._top.broken(symbol, reason, ingest_ns)
