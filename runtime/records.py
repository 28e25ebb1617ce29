"""What a Kafka record says beside its value. Any producer can write anything there, so reading it never fails in another way than said here."""

from collections.abc import Iterable, Mapping

from runtime.errors import InvalidRecord
from runtime.stage import InputRecord
from schemas.headers import IDENTITY, RECEIVED, TRACE
from schemas.identity import Identity, SeenIdentities
from schemas.reasons import Reason

_NS_DIGITS = 19  # of the largest 64-bit number


def headers_of(pairs: Iterable[tuple[str, bytes | None]] | None) -> dict[str, bytes]:
    """A record's headers by name, as InputRecord holds them. A null value, which Kafka allows, is b""; of a name that comes twice the last holds."""
    return {name: value or b"" for name, value in pairs or ()}


def trace_of(record: InputRecord) -> str:
    """The trace id; empty if the record has none."""
    return record.headers.get(TRACE, b"").decode("utf-8", "replace")


def received_ns_of(headers: Mapping[str, bytes]) -> int:
    """When the oldest frame behind the record was received; 0 if the header is absent or no time: only the latency goes unmeasured then."""
    raw = headers.get(RECEIVED, b"")
    return int(raw) if raw.isdigit() and len(raw) <= _NS_DIGITS else 0


def is_repeat(record: InputRecord, seen: SeenIdentities) -> bool:
    """True if the record's identity, or a later one, was read before; else remembers it. A record with none (or an empty one) is no repeat.

    Raises InvalidRecord, UNDECODABLE, if the header is no identity; nothing is remembered then.
    """
    raw = record.headers.get(IDENTITY, b"")
    try:
        return raw != b"" and seen.is_repeat(raw)
    except ValueError as error:
        raise _no_identity(error) from None


def check_identity(record: InputRecord) -> None:
    """For readers to whom repeats do no harm: raises InvalidRecord as `is_repeat` does, so that all refuse the same records."""
    raw = record.headers.get(IDENTITY, b"")
    try:
        if raw:
            Identity.decode(raw)
    except ValueError as error:
        raise _no_identity(error) from None


def _no_identity(error: ValueError) -> InvalidRecord:
    return InvalidRecord(Reason.UNDECODABLE, f"identity header: {error}")
