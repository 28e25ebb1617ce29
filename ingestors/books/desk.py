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
        self._keeper = BookKeeper(rules, self._top.changed, self._broke, settings.book_levels) if rules and settings.book_levels else None
        self._snapshots = rules.snapshots if rules else "always"
        self._handed_over: set[str] = set()  # their books ended because another connection took over: it is to be asked at once
        self._gone: set[str] = set()  # no more subscribed to: what still comes of them is passed over

    def hear(self, difference: BookDifference, received_ns: int) -> None:
        """One message of the venue."""
        if self._keeper and difference.symbol not in self._gone:
            self._keeper.apply(difference)
            self.tell(difference.ts_ingest_ns, received_ns)

    def fetched(self, snapshot: BookDifference, received_ns: int) -> None:
        """A snapshot that was asked for: passed over if nothing waits for it any more, such as after the end of the connection."""
        if snapshot.symbol in self.to_fetch():
            self.hear(snapshot, received_ns)

    def expect(self, symbols: Collection[str]) -> None:
        """They are subscribed to."""
        self._gone.difference_update(symbols)

    def forget(self, symbols: Collection[str], ingest_ns: int, received_ns: int) -> None:
        """They are subscribed to no more: a reader is told that their books are none."""
        if self._keeper:
            self._gone.update(symbols)
            self.restart(symbols, ingest_ns, received_ns)
            self._keeper.forget(symbols)
            self._top.forget(symbols)

    def finish(self, ingest_ns: int, received_ns: int) -> None:
        """The process ends."""
        if self._keeper:
            self.restart(self._keeper.symbols(), ingest_ns, received_ns)

    def restart(self, symbols: Collection[str], ingest_ns: int, received_ns: int) -> None:
        """The connection of these symbols has ended, or a new one carries them."""
        if self._keeper:
            self._keeper.restart(symbols, ingest_ns)
            self.tell(ingest_ns, received_ns)

    def hand_over(self, symbols: Collection[str], ingest_ns: int, received_ns: int) -> None:
        """Another connection goes on with these symbols, and the whole books that it began with were heard by nobody: without numbers nothing says where
        the differences go on, so that books whose snapshots come in the stream begin anew."""
        if self._keeper and self._snapshots == "stream":
            self._handed_over.update(symbols)
            self.restart(symbols, ingest_ns, received_ns)

    def tell(self, ingest_ns: int, received_ns: int) -> None:
        """Publishes what is due."""
        if self._keeper:
            self._keeper.end_crossed(ingest_ns)
        for event in self._top.take(ingest_ns):
            self._publish(event, received_ns)

    def to_fetch(self) -> list[str]:
        """Symbols whose differences wait for a snapshot that must be fetched."""
        return sorted(self._keeper.waiting()) if self._keeper and self._snapshots == "asked" else []

    def to_resubscribe(self) -> dict[str, bool]:
        """Symbols without a book, of a venue that sends snapshots after a subscription; True: nothing but asking anew brings one. False: it is on its way,
        as it comes by itself on a new connection."""
        if not self._keeper or self._snapshots != "stream":
            return {}
        wanted = self._keeper.wanted
        self._handed_over &= wanted.keys()
        return {symbol: reason not in (None, Reason.RECONNECTED) or symbol in self._handed_over for symbol, reason in wanted.items()}

    def book(self, symbol: str) -> OrderBook | None:
        """None while it is not known."""
        return self._keeper.book(symbol) if self._keeper else None

    def _broke(self, symbol: str, reason: Reason, ingest_ns: int) -> None:
        metrics.BOOK_BREAKS.labels(self._source, reason.value).inc()
        self._top.broken(symbol, reason, ingest_ns)
