"""Fields of PostgreSQL's COPY text format: tab between fields, newline after a row, backslash escapes."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

NULL = r"\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SECOND_NS = 1_000_000_000
_PLAIN_CODE = re.compile(r"[a-z0-9_]+")


def escaped(text: str) -> str:
    """Any text as one field. A NUL has no form in PostgreSQL: the server refuses it, and so the row becomes a dead letter."""
    return text.translate(_ESCAPES)


def encoded(text: str) -> bytes:
    """Bytes for COPY. A lone surrogate, which JSON can carry, is passed on for the server to refuse; an exception here would refuse the whole batch."""
    return text.encode("utf-8", "surrogatepass")


def row(values: Sequence[Any]) -> bytes:
    """One row: str, int, float, bool, None, tuple of str (text[]), dict (jsonb)."""
    return encoded("\t".join([_field(value) for value in values]) + "\n")


def _field(value: Any) -> str:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if value is None:
        return NULL
    if isinstance(value, tuple):
        return array(value)
    if isinstance(value, dict):
        return escaped(msgspec.json.encode(value, order="sorted").decode())
    return repr(value)


@lru_cache(maxsize=1024)
def array(items: tuple[str, ...]) -> str:
    """A text[] as one field."""
    return escaped("{" + ",".join(map(_element, items)) + "}")


def _element(item: str) -> str:
    if _PLAIN_CODE.fullmatch(item) and item != "null":
        return item
    quoted = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


@lru_cache(maxsize=4096)
def second(ts_s: int) -> str:
    """`2024-08-08 23:58:01.`, to which six digits and `+00` are appended. A year beyond 9999 gives text that the server refuses."""
    try:
        return datetime.fromtimestamp(ts_s, UTC).strftime("%Y-%m-%d %H:%M:%S.")
    except (OverflowError, ValueError, OSError):
        return f"year {ts_s} "


def timestamp(ts_ns: int) -> str:
    """A timestamptz, cut to microseconds."""
    return f"{second(ts_ns // _SECOND_NS)}{ts_ns // 1000 % 1_000_000:06d}+00"


def joined(text: Iterable[bytes], piece_bytes: int) -> Iterator[bytes]:
    """The same text in pieces of at least so many bytes, the last one excepted: neither many small ones nor a copy of all of it."""
    waiting: list[bytes] = []
    waiting_bytes = 0
    for part in text:
        waiting.append(part)
        waiting_bytes += len(part)
        if waiting_bytes >= piece_bytes:
            yield b"".join(waiting)
            waiting, waiting_bytes = [], 0
    if waiting:
        yield b"".join(waiting)
