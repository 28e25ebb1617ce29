"""What an exchange server plays: frames in the order of their time, and the answers that REST gives about what has been played so far."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec


class Frame(msgspec.Struct, frozen=True, gc=False):
    """ts_ns: time of receipt in the capture; stream: such as `btcusdt@trade`, "" for a frame that goes to everybody; payload: wrapped JSON."""

    ts_ns: int
    stream: str
    payload: bytes


class ListedSymbol(NamedTuple):
    """A row of the symbol table, in the venue's own words: BTCUSDT, BTC, USDT."""

    venue: str
    base: str
    quote: str


class TradeRow(NamedTuple):
    """A trade as REST tells it. time_ms: trade time."""

    trade_id: int
    price: str
    size: str
    time_ms: int
    buyer_is_maker: bool


class Material(Protocol):
    """frames: from the start, ascending in time; may be endless. played: called with frames once they are on their way, in order.

    trades: played trades of a symbol with from_id <= id, at most `limit`, ascending; with from_id None the newest ones.
    first_at: the id of the first of them at or after a time, None where there is none.
    """

    symbols: Sequence[ListedSymbol]

    def frames(self) -> Iterator[Frame]: ...

    def played(self, frames: Sequence[Frame]) -> None: ...

    def trades(self, venue: str, from_id: int | None, limit: int) -> list[TradeRow]: ...

    def first_at(self, venue: str, time_ms: int) -> int | None: ...

    def depth(self, venue: str) -> dict[str, Any]: ...


_QUOTES = ("USDT", "USDC", "FDUSD", "TUSD", "BUSD", "DAI", "EUR", "GBP", "TRY", "BRL", "JPY", "USD", "BTC", "ETH", "BNB")


def listed(venue: str) -> ListedSymbol:
    """A symbol-table row for a name that stands in a capture without its table: split before the longest known quote asset."""
    venue = venue.upper()
    for quote in sorted(_QUOTES, key=len, reverse=True):
        if venue.endswith(quote) and len(venue) > len(quote):
            return ListedSymbol(venue, venue.removesuffix(quote), quote)
    return ListedSymbol(venue, venue[:-3], venue[-3:])


def listed_canonical(symbol: str) -> ListedSymbol:
    """A symbol-table row for BASE-QUOTE."""
    base, _, quote = symbol.upper().partition("-")
    return ListedSymbol(base + quote, base, quote)
