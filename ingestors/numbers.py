"""Numbers as providers write them, and as we do: decimal text, integer nanoseconds."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

MS_NS = 1_000_000
SECOND_NS = 1_000_000_000


def plain(text: str) -> str:
    """Decimal text as the venue wrote it; scientific notation written out. What is no number stays as it is: validate refuses it by name."""
    if "e" not in text and "E" not in text:
        return text
    try:
        number = Decimal(text)
        return format(number, "f") if number.is_finite() and abs(number.adjusted()) < 64 else text
    except InvalidOperation:
        return text


def iso_ns(text: str) -> int:
    """`2021-04-17T16:43:37.089723Z` to ns since 1970 UTC, with up to nine decimals. Raises ValueError; about 0.5 us."""
    if len(text) < 20 or text[-1] != "Z" or not text[17:19].isdigit():
        raise ValueError(f"not a UTC time: {text!r}")
    decimals = text[20:-1]
    if text[19] != "Z" and (text[19] != "." or not decimals.isdigit() or len(decimals) > 9):
        raise ValueError(f"not a UTC time: {text!r}")
    return _minute_ns(text[:16]) + int(text[17:19]) * SECOND_NS + (int(decimals.ljust(9, "0")) if decimals else 0)


@lru_cache(maxsize=256)
def _minute_ns(text: str) -> int:
    """`2021-04-17T16:43`."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=UTC).timestamp()) * SECOND_NS


def seconds_ns(text: str) -> int:
    """`1618678142.557535` to ns, with up to nine decimals. Raises ValueError."""
    whole, _, decimals = text.partition(".")
    if not (whole.isdigit() and (decimals or "0").isdigit() and len(whole) < 11 and len(decimals) < 10 and text.isascii()):
        raise ValueError(f"not a time in seconds: {text[:40]!r}")
    return int(whole + decimals.ljust(9, "0"))
