"""One side of an order book, by exact prices. Pure; about 0.2 us a changed level."""

from bisect import bisect_left, insort
from decimal import Decimal, InvalidOperation
from math import inf

from schemas.books import Levels

_DIGITS = 12  # decimals that a scaled price holds: beyond them the same number is kept as a Decimal, which compares and hashes alike
_REMEMBERED = 1_024  # prices beside twice those that are there: about 200 bytes each, on each side of each book
_FEWEST, _ORDERED, _MOST = 32, 128, 256  # levels in order: so many at the least, after they were ordered anew, and at the most
_LARGEST = 1e30  # of a size: no venue trades more, and infinity is none


Key = int | Decimal


class BadLevel(ValueError):
    """A price or size that is no positive finite number."""


def scaled(price: str) -> Key:
    """The price times 10^12, exactly, so that `1.0` and `1.00` are one level. Raises BadLevel."""
    whole, _, fraction = price.partition(".")
    try:
        key = int(whole + fraction.ljust(_DIGITS, "0")) if len(fraction) <= _DIGITS else Decimal(price).scaleb(_DIGITS)
    except (ValueError, InvalidOperation):
        raise BadLevel(f"price {price[:64]!r}") from None
    if not key > 0 or not (price[0].isdigit() and price[-1].isdigit()) or "_" in price:
        raise BadLevel(f"price {price[:64]!r}")
    return key


class BookSide:
    """Levels by their scaled price; only the keys of the best ones are kept in order, the best one last, since most changes are far from the best
    and nobody asks for their order. When the ordered ones run out, they are ordered anew.

    sign: 1 for bids (the highest is the best), -1 for asks. depth: levels that the venue keeps and we forget beyond, as it sends no removal for what
    falls out of them; 0: all. A side with a depth keeps all of it in order.
    """

    __slots__ = ("_depth", "_floor", "_key_of", "_keys", "_levels", "_sign")

    def __init__(self, sign: int, depth: int = 0) -> None:
        self._sign = sign
        self._depth = depth
        self._levels: dict[Key, tuple[str, str]] = {}
        self._keys: list[Key] = []  # in order: of all levels whose key is not below the floor
        self._floor: Key | float = -inf
        self._key_of: dict[str, Key] = {}  # of prices seen before: they come and go

    def __len__(self) -> int:
        return len(self._levels)

    def change(self, changes: Levels) -> None:
        """Sets levels to their sizes; zero removes, also what is not there. Raises BadLevel: then the side is half changed, and the book must be
        thrown away."""
        levels, keys, key_of, floor = self._levels, self._keys, self._key_of, self._floor
        try:
            for level in changes:
                price, size = level
                key = key_of.get(price)
                if key is None:
                    key = self._new_key(price)
                number = float(size)
                if 0.0 < number < _LARGEST:
                    if key >= floor and key not in levels:
                        insort(keys, key)
                    levels[key] = level
                elif number == 0.0:
                    if levels.pop(key, None) and key >= floor:
                        del keys[bisect_left(keys, key)]
                else:
                    raise BadLevel(f"size {size[:64]!r}")
        except ValueError as error:
            raise BadLevel(str(error)[:128]) from None
        if self._depth:
            self._keep_best()
        elif not _FEWEST <= len(self._keys) <= _MOST:
            self._order(_ORDERED)

    def _new_key(self, price: str) -> Key:
        key_of = self._key_of
        if len(key_of) > _REMEMBERED + 2 * len(self._levels):
            key_of.clear()
        key = key_of[price] = self._sign * scaled(price)
        return key

    def _order(self, depth: int) -> None:
        """Makes the best `depth` levels the ordered ones."""
        if len(self._keys) >= depth:
            del self._keys[:-depth]
        elif len(self._keys) < len(self._levels):
            self._keys = sorted(self._levels)[-depth:]
        self._floor = self._keys[0] if len(self._keys) < len(self._levels) else -inf

    def _keep_best(self) -> None:
        beyond = len(self._keys) - self._depth
        if beyond > 0:
            for key in self._keys[:beyond]:
                del self._levels[key]
            del self._keys[:beyond]

    def best(self, depth: int) -> Levels:
        """The best levels, best first."""
        if len(self._keys) < depth:
            self._order(depth)
        levels = self._levels
        return [levels[key] for key in self._keys[: -depth - 1 : -1]]

    def key_of_rank(self, rank: int) -> Key | None:
        """That of the rank-th best level, the best being 1; None where there are fewer."""
        if len(self._keys) < rank:
            self._order(rank)
        return self._keys[-rank] if len(self._keys) >= rank else None

    @property
    def worst_key(self) -> Key | None:
        return min(self._levels, default=None)

    @property
    def best_key(self) -> Key | None:
        """Grows the better the price: a bid of the ask's price has the ask's key with the other sign."""
        return self._keys[-1] if self._keys else None
