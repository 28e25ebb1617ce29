"""What parsers share: which refusal an error means, numbers that came without quotes, numbers for quotes that have none. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from ingestors.events import Event, Unreadable
from ingestors.numbers import plain
from runtime.errors import InvalidRecord
from schemas.reasons import Reason
from schemas.ticks import Quote

# The limits keep hostile values out of what follows: a time in ns and an id must fit 64 bits.
Milliseconds = Annotated[int, Meta(ge=0, le=9_000_000_000_000)]
Nanoseconds = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
DecimalText = Annotated[str, Meta(max_length=64)]
TimeText = Annotated[str, Meta(max_length=40)]
_MAX_NUMBER = 64
_ORDINALS = 4_096  # trades that are remembered for their likes
_MAX_ID = 2**63
_MISSING = re.compile("missing required field|of length >=")

BROKEN = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)  # the last two: text that is not UTF-8, nesting without end
REFUSED = (*BROKEN, ValueError, TypeError, IndexError, AttributeError)
"""What a handler may raise of a message that is not as it should be; `refusal` names it."""


def refusal(error: Exception) -> InvalidRecord:
    """One of REFUSED to a reason code: no JSON; JSON that is no message; a message that lacks a field, or has a wrong one."""
    if isinstance(error, msgspec.ValidationError):
        text = str(error)
        if _MISSING.search(text):
            return InvalidRecord(Reason.MISSING_FIELD, text)
        return InvalidRecord(Reason.INVALID_FIELD if "at `$" in text else Reason.UNKNOWN_MESSAGE, text)
    if isinstance(error, BROKEN):
        return InvalidRecord(Reason.BROKEN_JSON, str(error))
    return InvalidRecord(
        Reason.MISSING_FIELD if isinstance(error, IndexError) else Reason.INVALID_FIELD, f"{type(error).__name__}: {error}"
    )


def unknown(detail: str) -> InvalidRecord:
    """JSON, but no message that is known."""
    return InvalidRecord(Reason.UNKNOWN_MESSAGE, detail[:200])


class Symbols:
    """The venue's names to the canonical ones, of what was asked for."""

    def __init__(self, symbols: Mapping[str, str]) -> None:
        self._symbols = symbols

    def __getitem__(self, name: str) -> str:
        """Raises InvalidRecord."""
        try:
            return self._symbols[name]
        except KeyError:
            raise InvalidRecord(Reason.UNKNOWN_SYMBOL, f"symbol {name[:64]!r} was not subscribed to") from None


def number_text(value: object) -> str:
    """Decimal text of a JSON number that a decoder with float_hook=str has read: exactly as the venue wrote it. Raises ValueError.

    A number in quotes looks the same and is taken: validate refuses by name what is no number.
    """
    text = value if type(value) is str else str(value) if type(value) is int else ""
    if 0 < len(text) <= _MAX_NUMBER:
        return plain(text)
    raise ValueError(f"{str(value)[:64]!r} is no number")


def integer(value: object) -> int:
    """An id or a time: an integer of JSON, or one in quotes. Raises ValueError."""
    if type(value) is str and len(value) < 20 and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is int and 0 <= value < _MAX_ID:
        return value
    raise ValueError(f"{str(value)[:64]!r} is no number above zero")


class Growing:
    """Numbers for quotes of venues that give them none: the time of receipt, and one more where that is not new."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, received_ns: int) -> int:
        self._last = received_ns if received_ns > self._last else self._last + 1
        return self._last


def value_quote(symbol: str, value: str, event_ns: int, received_ns: int, number: int) -> Quote:
    """A value that is published and not traded at, such as an index's (see schemas.ticks.Quote)."""
    return Quote(symbol, value, "0", value, "0", event_ns, received_ns, number)


class Following:
    """Numbers for quotes of venues that give them nothing but a time, no finer than window_ns: the time, and one more for each that follows within it. So two
    connections that say the same give it the same numbers."""

    def __init__(self, window_ns: int) -> None:
        self._window_ns = window_ns
        self._last: dict[str, int] = {}

    def next(self, symbol: str, event_ns: int) -> int:
        """One that comes late keeps its time: it is no news."""
        last = self._last.get(symbol, 0)
        if event_ns > last:
            self._last[symbol] = event_ns
            return event_ns
        if last - event_ns >= self._window_ns:
            return event_ns
        self._last[symbol] = last + 1
        return last + 1


class Ordinals:
    """Ids for trades of venues that give them none: what is known of a trade, and a number where another one was just the same. So two connections, and the
    REST interface, that tell the same trades give them the same ids."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def id(self, symbol: str, known: str) -> str:
        """known: the trade's time, price and size, at most 50 characters."""
        key = f"{symbol} {known}"
        number = self._seen.pop(key, -1) + 1
        self._seen[key] = number
        if len(self._seen) > _ORDINALS:
            del self._seen[next(iter(self._seen))]
        return f"{known}-{number}" if number else known


def each(parts: Sequence[bytes], read: Callable[[bytes], Event]) -> Event | list[Event]:
    """The events of a frame with many: one that is wrong among good ones is told as Unreadable. Raises InvalidRecord where a single one is wrong."""
    return read(parts[0]) if len(parts) == 1 else [_read_or_refusal(part, read) for part in parts]


def _read_or_refusal(part: bytes, read: Callable[[bytes], Event]) -> Event:
    try:
        return read(part)
    except InvalidRecord as error:
        return Unreadable(part, error.reason, error.detail)
