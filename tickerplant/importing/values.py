"""Texts of a file as prices and times. Nothing is rounded: a price is decimal text, a time integer nanoseconds since 1970-01-01 UTC."""

import re
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from processors.forms import is_number

Unit = Literal["s", "ms", "us", "ns", "text"]
UNIT_NS: dict[str, int] = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_EXACT = Context(prec=80)
_is_decimal = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII).fullmatch
_is_plain = re.compile(r"-?\d+(\.\d*)?", re.ASCII).fullmatch
_MAX_EXPONENT = 30  # further away from 1 nothing is a price, and written out it would fill the memory
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decimal_text(text: str, scale: Decimal | None = None) -> str:
    """Plain decimal text of the same value, times scale. What is no number stays as it is: `validate` says so."""
    text = text.strip()
    if scale is None and is_number(text):
        return text
    if not _is_decimal(text):
        return text
    number = Decimal(text)
    if abs(number.adjusted()) > _MAX_EXPONENT:
        return text
    return format(number if scale is None else _EXACT.multiply(number, scale).normalize(_EXACT), "f")


def unit_of(text: str) -> Unit:
    """What a time of this form is in: digits by their size (the years 1990 to 2200 do not overlap), anything else is a text."""
    if not _is_plain(text) or len(text) == len("20240809"):
        return "text"
    whole = len(text.lstrip("-").split(".")[0])
    return "s" if whole <= 10 else "ms" if whole <= 13 else "us" if whole <= 16 else "ns"


class TimeReader:
    """Reads one column of times. unit: of numbers; `text`: ISO 8601, or strptime's `form`.

    zone: of texts that name none. day: numbers count from its midnight there, as some vendors write a file a day.
    """

    def __init__(self, unit: Unit, zone: ZoneInfo, form: str = "", day: date | None = None) -> None:
        self._unit_ns = UNIT_NS.get(unit, 0)
        self._zone = zone
        self._form = form
        self._origin_ns = _ns_of(datetime.combine(day, time(), zone)) if day else 0
        self._day = day
        self._seconds_ns = lru_cache(maxsize=4096)(self._text_ns)  # neighbours share their second

    def read(self, text: str) -> int:
        """Raises ValueError with what is wrong."""
        text = text.strip()
        if self._unit_ns:
            return self._number(text)
        if self._form or "." not in text:
            return self._seconds_ns(text)
        whole, _, rest = text.partition(".")
        digits = re.match(r"\d*", rest, re.ASCII)
        fraction = digits.group() if digits else ""
        return self._seconds_ns(whole + rest[len(fraction) :]) + int(fraction[:9].ljust(9, "0"))

    def _number(self, text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) < 20:
            return self._origin_ns + int(text) * self._unit_ns
        if not _is_decimal(text) or abs((number := Decimal(text)).adjusted()) > _MAX_EXPONENT:
            raise ValueError(f"{text[:64]!r} is no number")
        return self._origin_ns + int(_EXACT.multiply(number, Decimal(self._unit_ns)))

    def _text_ns(self, text: str) -> int:
        try:
            moment = datetime.strptime(text, self._form) if self._form else datetime.fromisoformat(text)  # noqa: DTZ007  # the zone is the option's
        except ValueError:
            raise ValueError(f"{text[:64]!r} is no time{f' of the form {self._form}' if self._form else ''}") from None
        return _ns_of(moment if moment.tzinfo else self._placed(moment))

    def _placed(self, moment: datetime) -> datetime:
        """In the zone. An hour that clocks skip does not exist, one that they repeat is two: neither is guessed."""
        here, other = moment.replace(tzinfo=self._zone), moment.replace(tzinfo=self._zone, fold=1)
        if here.utcoffset() == other.utcoffset():
            return here
        back = here.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None)
        happens = "twice" if back == moment else "never"
        raise ValueError(f"{moment} happens {happens} in {self._zone.key}: give such times with their offset")


def _ns_of(moment: datetime) -> int:
    since = moment - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000
