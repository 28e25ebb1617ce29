"""Order books. Topic market.books.raw: differences as the venue sent them; what builds whole books reads them."""

from msgspec import Struct


class BookDifference(Struct):
    """Changed levels of one book. first_update_id of the next one is last_update_id + 1, else something was lost.

    bids, asks: (price, size) as decimal text; size is absolute, zero removes the level.
    """

    symbol: str
    source: str
    ts_event_ns: int
    ts_ingest_ns: int
    first_update_id: int
    last_update_id: int
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    v: int = 1
