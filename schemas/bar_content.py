"""What a bar says, apart from who said it when: to know whether a provider says the same of an interval as before."""

from decimal import Decimal, InvalidOperation
from hashlib import blake2b

from msgspec import structs

from schemas.bars import Bar

_NUMBERS = ("open", "high", "low", "close", "volume", "quote_volume", "vwap")
CONTENT_BYTES = 8


def content_of(bar: Bar) -> bytes:
    """A digest of the bar's end, numbers, counts and sides, of CONTENT_BYTES. `100.0` and `100` are one number; what is no number stands for itself."""
    texts = [_plain(getattr(bar, name)) for name in _NUMBERS]
    texts += [str(bar.ts_close_ns), str(bar.trade_count), bar.price_basis, str(bar.quote_count)]
    texts += map(_plain, structs.astuple(bar.sides)) if bar.sides else ()
    return blake2b("|".join(texts).encode(), digest_size=CONTENT_BYTES).digest()


def _plain(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return format(number.normalize(), "f") if number.is_finite() and abs(number.adjusted()) < 100 else text
