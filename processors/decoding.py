"""Bytes of a record to its event, for all stages."""

from collections.abc import Callable
from typing import TypeVar

from runtime.errors import InvalidRecord
from schemas.codec import DecodeError, SchemaError
from schemas.reasons import Reason

T = TypeVar("T")


def decoded(decode: Callable[[bytes], T], value: bytes) -> T:
    """The event. Raises InvalidRecord: INVALID_SCHEMA if it is JSON but not the event, UNDECODABLE if it is not JSON at all."""
    try:
        return decode(value)
    except SchemaError as error:
        raise InvalidRecord(Reason.INVALID_SCHEMA, str(error)) from None
    except DecodeError as error:
        raise InvalidRecord(Reason.UNDECODABLE, str(error)) from None
