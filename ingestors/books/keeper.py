"""All books of one source: from what the venue sends to books that are right, or are said to be broken. Pure: no I/O, no clock.

A book begins with a snapshot. Whatever breaks it (a number that is missing, a checksum, a level that is no number, bids that stay above asks, a
new connection) ends it: it is told as `invalid`, and stands in `wanted` until the next snapshot comes.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Literal

from ingestors.books.checksums import Checksum
from ingestors.books.order_book import OrderBook
from ingestors.books.side import BadLevel, BookSide, Key
from ingestors.books.waiting import WaitingDifferences
from schemas.books import BookDifference
from schemas.reasons import Reason

_CROSSED_NS = 1_000_000_000  # a message in the middle of a venue's burst may cross for a moment; longer, and something was lost


@dataclass(frozen=True, slots=True)
class BookRules:
    """What a venue says about its books.

    snapshots: `stream`: it sends one after each subscription; `asked`: it must be fetched, while differences wait for it; `always`: it sends nothing else.
    depth: levels a side that it keeps, where it sends no removal for those that fall out; 0: all. checksum: of a whole book.
    shown: levels a side of its snapshots, where those hold not all that its differences speak of: what lies beyond them is unknown; 0: all.
    """

    snapshots: Literal["stream", "asked", "always"]
    depth: int = 0
    checksum: Checksum | None = None
    shown: int = 0


@dataclass(slots=True)
class _Kept:
    """One symbol: its book, if it has one; differences that wait for the snapshot; since when it is crossed; the worst bid and ask that its snapshot
    showed, where there may be more."""

    book: OrderBook | None = None
    waiting: WaitingDifferences = field(default_factory=WaitingDifferences)
    crossed_since_ns: int = 0
    shown: tuple[Key | None, Key | None] = (None, None)


class BookKeeper:
    """on_change(symbol, book): the book has changed, or is a new one. on_break(symbol, reason, ingest_ns): it is none any more. levels: best ones of a
    side that must be known."""

    def __init__(
        self, rules: BookRules, on_change: Callable[[str, OrderBook], None], on_break: Callable[[str, Reason, int], None], levels: int = 20
    ) -> None:
        self._rules = rules
        self._levels = max(1, min(levels, rules.shown // 2))
        self._on_change = on_change
        self._on_break = on_break
        self._kept: dict[str, _Kept] = {}
        self._crossed: set[str] = set()
        self.wanted: dict[str, Reason | None] = {}  # symbols that need a snapshot, and why; None: the first one

    def book(self, symbol: str) -> OrderBook | None:
        """None while it is broken."""
        kept = self._kept.get(symbol)
        return kept.book if kept else None

    def apply(self, difference: BookDifference) -> None:
        """One message of the venue, in order."""
        symbol = difference.symbol
        kept = self._kept.get(symbol)
        if kept is None:
            kept = self._kept[symbol] = _Kept()
            self.wanted[symbol] = None
        if difference.snapshot:
            self._begin(symbol, kept, difference)
        elif kept.book is not None:
            self._go_on(symbol, kept, kept.book, difference)
        elif self._rules.snapshots == "asked":
            kept.waiting.append(difference)

    def restart(self, symbols: Collection[str], ingest_ns: int) -> None:
        """A new connection: nothing that was known of these symbols is known to be so still."""
        for symbol, kept in self._kept.items():
            if symbol not in symbols:
                continue
            kept.waiting.clear()
            if kept.book is not None:
                self._end(symbol, kept, Reason.RECONNECTED, ingest_ns)

    def break_off(self, symbol: str, reason: Reason, ingest_ns: int) -> None:
        """Something else shows that the book is not right, such as a message about it that could not be read."""
        kept = self._kept.get(symbol)
        if kept is not None and kept.book is not None:
            self._end(symbol, kept, reason, ingest_ns)

    def forget(self, symbols: Collection[str]) -> None:
        """As if no message had come of them."""
        for symbol in symbols:
            self._kept.pop(symbol, None)
            self.wanted.pop(symbol, None)
            self._crossed.discard(symbol)

    def end_crossed(self, now_ns: int) -> None:
        """Ends books that have been crossed for too long, though nothing may come of them any more."""
        for symbol in sorted(self._crossed):
            kept = self._kept[symbol]
            if kept.crossed_since_ns and now_ns - kept.crossed_since_ns > _CROSSED_NS:
                self._end(symbol, kept, Reason.CROSSED_BOOK, now_ns)

    def waiting(self) -> list[str]:
        """Symbols whose differences wait for a snapshot."""
        return [symbol for symbol in self.wanted if self._kept[symbol].waiting]

    def symbols(self) -> list[str]:
        """Those that had a message."""
        return list(self._kept)

    def _begin(self, symbol: str, kept: _Kept, snapshot: BookDifference) -> None:
        if not self._fits(kept, snapshot):
            return  # older than the first difference that waits: another one is asked for
        kept.crossed_since_ns = 0
        self._crossed.discard(symbol)
        try:
            kept.book = OrderBook(snapshot, self._rules.depth)
        except BadLevel:
            self._end(symbol, kept, Reason.NOT_A_NUMBER, snapshot.ts_ingest_ns)
            return
        if not self._agrees(symbol, kept.book, snapshot):
            self._end(symbol, kept, Reason.CHECKSUM_MISMATCH, snapshot.ts_ingest_ns)
            return
        self.wanted.pop(symbol, None)
        kept.shown = self._shown(kept.book, snapshot)
        self._changed(symbol, kept, kept.book, snapshot.ts_ingest_ns)
        waiting, kept.waiting = kept.waiting, WaitingDifferences()
        for difference in waiting:
            if kept.book is not None:
                self._go_on(symbol, kept, kept.book, difference)

    @staticmethod
    def _fits(kept: _Kept, snapshot: BookDifference) -> bool:
        return not kept.waiting or not snapshot.last_update_id or kept.waiting.first_update_id <= snapshot.last_update_id + 1

    def _go_on(self, symbol: str, kept: _Kept, book: OrderBook, difference: BookDifference) -> None:
        if difference.last_update_id:
            if difference.last_update_id <= book.update_id:
                return  # the snapshot holds it already
            if difference.first_update_id > book.update_id + 1:
                self._end(symbol, kept, Reason.SEQUENCE_GAP, difference.ts_ingest_ns)
                if self._rules.snapshots == "asked":
                    kept.waiting.append(difference)
                return
        try:
            book.change(difference)
        except BadLevel:
            self._end(symbol, kept, Reason.NOT_A_NUMBER, difference.ts_ingest_ns)
            return
        if not self._agrees(symbol, book, difference):
            self._end(symbol, kept, Reason.CHECKSUM_MISMATCH, difference.ts_ingest_ns)
        elif self._beyond(book.bids, kept.shown[0]) or self._beyond(book.asks, kept.shown[1]):
            self._end(symbol, kept, Reason.BEYOND_SNAPSHOT, difference.ts_ingest_ns)
            kept.waiting.append(difference)
        else:
            self._changed(symbol, kept, book, difference.ts_ingest_ns)

    def _shown(self, book: OrderBook, snapshot: BookDifference) -> tuple[Key | None, Key | None]:
        """The worst levels that a snapshot showed of sides that may go on behind them."""
        shown = self._rules.shown
        bids, asks = shown and len(snapshot.bids) >= shown, shown and len(snapshot.asks) >= shown
        return book.bids.worst_key if bids else None, book.asks.worst_key if asks else None

    def _beyond(self, side: BookSide, worst: Key | None) -> bool:
        """Of the best levels some lie where the venue has shown nothing: there may be others."""
        if worst is None:
            return False
        key = side.key_of_rank(self._levels)
        return key is None or key < worst

    def _changed(self, symbol: str, kept: _Kept, book: OrderBook, now_ns: int) -> None:
        """A crossed book is not passed on."""
        if not book.crossed:
            if kept.crossed_since_ns:
                kept.crossed_since_ns = 0
                self._crossed.discard(symbol)
            self._on_change(symbol, book)
        elif not kept.crossed_since_ns:
            kept.crossed_since_ns = now_ns
            self._crossed.add(symbol)
        elif now_ns - kept.crossed_since_ns > _CROSSED_NS:
            self._end(symbol, kept, Reason.CROSSED_BOOK, now_ns)

    def _agrees(self, symbol: str, book: OrderBook, difference: BookDifference) -> bool:
        if self._rules.checksum is None or difference.checksum is None:
            return True
        return self._rules.checksum(symbol, book) in (None, difference.checksum)

    def _end(self, symbol: str, kept: _Kept, reason: Reason, ingest_ns: int) -> None:
        kept.book, kept.crossed_since_ns = None, 0
        self._crossed.discard(symbol)
        self.wanted[symbol] = reason
        self._on_break(symbol, reason, ingest_ns)
