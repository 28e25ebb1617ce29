"""Books to the events of market.books: the best levels, whole now and then and as changes between, no more often than a pace. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain

from ingestors.books.order_book import OrderBook
from schemas.books import Book, BookKind, Levels
from schemas.reasons import Reason


@dataclass(slots=True)
class _Told:
    """What a reader knows of one book. seq: of the last event; the levels are those of the last snapshot and the updates after it."""

    seq: int = 0
    valid: bool = False
    snapshot_ns: int = 0
    book: OrderBook | None = None
    bids: Levels | None = None
    asks: Levels | None = None


class TopOfBooks:
    """depth: levels a side; interval_ns: changes of a book within it become one event; snapshot_ns: the whole top at least so often, of the ingest clock.

    `changed` and `broken` are what a BookKeeper calls; `take` gives the events that are due.
    """

    def __init__(self, source: str, depth: int, interval_ns: int, snapshot_ns: int) -> None:
        self._source = source
        self._depth = depth
        self._interval_ns = interval_ns
        self._snapshot_ns = snapshot_ns
        self._told: dict[str, _Told] = {}
        self._changed: dict[str, OrderBook] = {}
        self._events: list[Book] = []
        self._taken_ns = 0
        self._due_ns = 0  # no quiet book's snapshot is due before

    def changed(self, symbol: str, book: OrderBook) -> None:
        """The book has changed, or is a new one."""
        self._changed[symbol] = book

    def broken(self, symbol: str, reason: Reason, ingest_ns: int) -> None:
        """Nothing of the book may be used any more: told at once, if a reader knows any of it."""
        self._changed.pop(symbol, None)
        told = self._told.setdefault(symbol, _Told())
        if told.valid or not told.seq:
            told.seq += 1
            told.valid, told.book = False, None
            self._events.append(Book(symbol, self._source, ingest_ns, ingest_ns, "invalid", told.seq, self._depth, 0, [], [], reason.value))

    def take(self, now_ns: int) -> list[Book]:
        """The events that are due at this time of the ingest clock, in order."""
        if self._changed and not 0 <= now_ns - self._taken_ns < self._interval_ns:
            self._taken_ns = now_ns
            for symbol, book in self._changed.items():
                if not book.crossed:  # by a message after the one that changed it: what follows will show it again
                    self._tell(symbol, book, now_ns)
            self._changed.clear()
        if now_ns >= self._due_ns:
            self._tell_again(now_ns)
        if not self._events:
            return []
        events, self._events = self._events, []
        return events

    def forget(self, symbols: Collection[str]) -> None:
        """Of them nothing is told any more, but for what is due already."""
        for symbol in symbols:
            self._told.pop(symbol, None)
            self._changed.pop(symbol, None)

    def _tell_again(self, now_ns: int) -> None:
        """Whole books that did not change for as long as snapshots are apart: who begins to read now must not wait for a change."""
        self._due_ns = now_ns + self._snapshot_ns
        for symbol, told in self._told.items():
            if told.book is None:
                continue
            if now_ns - told.snapshot_ns >= self._snapshot_ns and symbol not in self._changed and not told.book.crossed:
                self._tell(symbol, told.book, now_ns)
            self._due_ns = min(self._due_ns, max(now_ns + self._interval_ns, told.snapshot_ns + self._snapshot_ns))

    def _tell(self, symbol: str, book: OrderBook, now_ns: int) -> None:
        told = self._told.setdefault(symbol, _Told())
        told.book = book
        bids, asks = book.best(self._depth)
        if not told.valid or not 0 <= now_ns - told.snapshot_ns < self._snapshot_ns:
            told.valid, told.snapshot_ns = True, now_ns
            self._add(told, symbol, book, "snapshot", bids, asks)
        else:
            changed_bids, changed_asks = differences(told.bids or [], bids), differences(told.asks or [], asks)
            if changed_bids or changed_asks:
                self._add(told, symbol, book, "update", changed_bids, changed_asks)
        told.bids, told.asks = bids, asks

    def _add(self, told: _Told, symbol: str, book: OrderBook, kind: BookKind, bids: Levels, asks: Levels) -> None:
        told.seq += 1
        event = Book(symbol, self._source, book.ts_event_ns, book.ts_ingest_ns, kind, told.seq, self._depth, book.update_id, bids, asks)
        self._events.append(event)


def differences(before: Levels, now: Levels) -> Levels:
    """The levels to set, and those to remove with size `0`, that make `before` into `now`."""
    if before == now:
        return []
    old, new = dict(before), dict(now)
    gone = [(price, "0") for price in old if price not in new]
    return list(chain(gone, [level for level in now if old.get(level[0]) != level[1]]))
