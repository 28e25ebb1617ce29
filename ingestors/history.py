"""What a feed may ask its venue about the past. One implementation a provider, in its client.py."""

from typing import Protocol

from schemas.ticks import Trade


class History(Protocol):
    """Both wait for the network and the venue's limits, and raise TransientError when it cannot be asked now, UserError when it refuses.

    trades: of a canonical symbol from an id on, ascending, at most `limit` or the venue's page; their ts_ingest_ns is 0.
    newest_update_id: the number of the book's newest state.
    """

    async def trades(self, symbol: str, from_id: int, limit: int) -> list[Trade]: ...

    async def newest_update_id(self, symbol: str) -> int: ...
