"""Decimal text and nanoseconds as the JSON that clients get: numbers keep the venue's own digits, no float comes near them."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from msgspec import Raw

from schemas.timeframes import SECOND_NS

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_NULL = Raw(b"null")


def json_number(text: str) -> Raw:
    """`61652.00` stays `61652.00`. Text that is a decimal but no JSON number (`.5`, `1E+3`) is rewritten; what is no number at all is null."""
    if _JSON_NUMBER.fullmatch(text):
        return Raw(text)
    try:
        value = Decimal(text)
    except InvalidOperation:
        return _NULL
    return Raw(format(value, "f")) if value.is_finite() else _NULL


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def iso_time(ts_ns: int) -> str:
    """ISO 8601 in UTC with Z; as many of 0, 3, 6 or 9 decimals as the time needs."""
    seconds, fraction = divmod(ts_ns, SECOND_NS)
    if not fraction:
        return f"{_second(seconds)}Z"
    if not fraction % 1_000_000:
        return f"{_second(seconds)}.{fraction // 1_000_000:03d}Z"
    if not fraction % 1_000:
        return f"{_second(seconds)}.{fraction // 1_000:06d}Z"
    return f"{_second(seconds)}.{fraction:09d}Z"
