"""Order books for those who want them: the events of market.books, snapshots and changes, become whole books.

A book that nobody wants is not read: its records since the last snapshot wait, undecoded, so that the next subscription starts with a book.
"""

from collections import defaultdict

from msgspec import structs

from gateway.hub import Hub
from gateway.selector import ANY, Selector
from gateway.series import OrderBook, Placed
from runtime import metrics
from schemas.book_view import BookView
from schemas.books import Book
from schemas.codec import DecodeError, decode_order_book
from schemas.reasons import Reason

_SNAPSHOT_MARK = b'"kind":"snapshot"'
_MOST_UNREAD = 50  # records of one book; after more of them the next subscription starts with the next snapshot

BookKey = tuple[str, str]


class Books:
    """By symbol and source."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._views: defaultdict[BookKey, BookView] = defaultdict(BookView)
        self._unread: dict[BookKey, list[Placed]] = {}

    def take(self, placed: Placed) -> bool:
        """One record. True if anybody gets the book that it makes. Raises DecodeError."""
        key = (placed.symbol, placed.source)
        if not self._hub.is_heard(placed):
            self._keep(key, placed)
            return False
        self._read(key)
        return self._apply(key, placed)

    def catch_up(self, selector: Selector) -> None:
        """For a new subscription: the books that it may ask for, as they stand."""
        for key in [key for key in self._unread if key[0] in selector.symbols or selector.symbols == (ANY,)]:
            self._read(key)

    def _keep(self, key: BookKey, placed: Placed) -> None:
        if _SNAPSHOT_MARK in placed.value:
            self._views.pop(key, None)
            self._unread[key] = [placed]
            return
        unread = self._unread.setdefault(key, [])
        if len(unread) < _MOST_UNREAD:
            unread.append(placed)

    def _read(self, key: BookKey) -> None:
        for placed in self._unread.pop(key, ()):
            try:
                self._apply(key, placed)
            except DecodeError:  # the next one does not follow on it, so the book says that something is missing
                metrics.DROPPED.labels("gateway", Reason.INVALID_SCHEMA).inc()

    def _apply(self, key: BookKey, placed: Placed) -> bool:
        event, view = decode_order_book(placed.value), self._views[key]
        view.apply(event)
        if view.seq != event.seq:  # before the first snapshot, or again
            return False
        return self._hub.publish(structs.replace(placed, value=b""), _whole(event, view))


def _whole(event: Book, view: BookView) -> OrderBook:
    return OrderBook(
        symbol=event.symbol,
        source=event.source,
        ts_event_ns=event.ts_event_ns,
        ts_ingest_ns=event.ts_ingest_ns,
        bids=view.bids,
        asks=view.asks,
        depth=event.depth,
        update_id=event.update_id,
        is_valid=view.valid,
        reason=view.reason,
    )
