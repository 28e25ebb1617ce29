"""Checksums over the best levels, as the venues define them. Pure."""

from collections.abc import Callable, Mapping
from itertools import chain, zip_longest
from zlib import crc32

from ingestors.books.order_book import OrderBook
from schemas.books import Levels

Checksum = Callable[[str, OrderBook], int | None]
"""(symbol, book) -> what the venue's checksum of this book would be; None: that cannot be told."""

_KRAKEN_LEVELS = 10
_BITFINEX_LEVELS = 25


class KrakenChecksum:
    """CRC-32 over the ten best asks, then bids: price and size without dot and leading zeros.

    decimals: by symbol, those of price and size, where the wire has numbers without trailing zeros (v2); kept, not copied: without a symbol's nothing can be
    told. None: texts stand as sent (v1).
    """

    def __init__(self, decimals: Mapping[str, tuple[int, int]] | None = None) -> None:
        self._decimals = decimals

    def __call__(self, symbol: str, book: OrderBook) -> int | None:
        price_decimals = size_decimals = 0
        if self._decimals is not None:
            if symbol not in self._decimals:
                return None
            price_decimals, size_decimals = self._decimals[symbol]
        bids, asks = book.best(_KRAKEN_LEVELS)
        return crc32("".join([_digits(p, price_decimals) + _digits(s, size_decimals) for p, s in asks + bids]).encode())


def _digits(text: str, decimals: int) -> str:
    if decimals:
        whole, _, fraction = text.partition(".")
        return (whole + fraction.ljust(decimals, "0")).lstrip("0")
    return text.replace(".", "").lstrip("0")


class BitfinexChecksum:
    """Signed CRC-32 over the 25 best levels, bid and ask in turn, as `price:amount`, asks' amounts negative; numbers as JavaScript writes them."""

    def __call__(self, symbol: str, book: OrderBook) -> int:
        bids, asks = book.best(_BITFINEX_LEVELS)
        parts = [part for part in chain.from_iterable(zip_longest(_terms(bids, ""), _terms(asks, "-"))) if part]
        unsigned = crc32(":".join(parts).encode())
        return unsigned - (1 << 32) if unsigned >> 31 else unsigned


def _terms(levels: Levels, sign: str) -> list[str]:
    return [f"{javascript(price)}:{sign}{javascript(size)}" for price, size in levels]


def javascript(text: str) -> str:
    """A plain positive decimal as JavaScript prints that number: below 0.000001 with an exponent."""
    if not text.startswith("0.000000"):
        return text
    digits = text[2:].rstrip("0")
    first = len(digits) - len(digits.lstrip("0"))
    mantissa = digits[first:]
    return f"{mantissa[0]}{'.' if len(mantissa) > 1 else ''}{mantissa[1:]}e-{first + 1}" if mantissa else text
