"""Order books. market.books.raw: differences and snapshots as the venue sent them. market.books: the best levels of books that were checked."""

from typing import Literal

from msgspec import Struct

Levels = list[tuple[str, str]]
"""(price, size) as decimal text."""


class BookDifference(Struct):
    """Changed levels of one book, or with `snapshot` all that the venue shows of it. Size is absolute, zero removes the level.

    first_update_id of the next one is last_update_id + 1, else something was lost; both are 0 where the venue does not number a book's changes.
    checksum: of the book after this change by the venue's own rule, where it sends one.
    """

    symbol: str
    source: str
    ts_event_ns: int
    ts_ingest_ns: int
    first_update_id: int
    last_update_id: int
    bids: Levels
    asks: Levels
    v: int = 1
    snapshot: bool = False
    checksum: int | None = None


BookKind = Literal["snapshot", "update", "invalid"]


class Book(Struct):
    """The best `depth` levels of each side of one book, as a snapshot and what changed since. Topic market.books; schemas.book_view reads it.

    kind: `snapshot`: bids and asks are all of it, best first; `update`: levels that differ from those of seq - 1, size `0` where one left the best `depth`;
    `invalid`: the book broke (reason) and no level of it may be used until the next snapshot.
    seq: grows by one an event of (symbol, source); a snapshot may follow any seq. A snapshot comes every few seconds, so a reader may begin anywhere.
    update_id: the venue's number of the last change in it, 0 where it has none. ts_event_ns, ts_ingest_ns: of that change.
    """

    symbol: str
    source: str
    ts_event_ns: int
    ts_ingest_ns: int
    kind: BookKind
    seq: int
    depth: int
    update_id: int
    bids: Levels
    asks: Levels
    reason: str = ""
    v: int = 1
