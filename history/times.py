"""Times as a user writes them, as aware datetimes."""

from datetime import UTC, date, datetime, time, timedelta

from runtime.errors import UserError

Time = str | datetime | date | int
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(given: Time, name: str) -> datetime:
    """ISO text, a datetime (UTC where it names no zone), a date (its first moment in UTC), or nanoseconds since 1970, cut to microseconds."""
    if isinstance(given, str):
        given = _parsed(given, name)
    if isinstance(given, int):
        return _at_ns(given, name)
    if not isinstance(given, datetime):
        given = datetime.combine(given, time())
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)


def ns_of(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1) * 1000


def _at_ns(given: int, name: str) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=given // 1000)
    except OverflowError:
        raise UserError(f"{name} {given} is no time: integers are nanoseconds since 1970") from None


def _parsed(text: str, name: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{name} {text!r} is no time; write it as 2024-08-09 or 2024-08-09T00:00:00Z") from None
