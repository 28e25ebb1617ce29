"""What is wrong with an answer that came: said by an exception that keeps its bytes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from ingestors.parsing import REFUSED, refusal
from runtime.errors import InvalidRecord, TransientError


class BadAnswer(TransientError):
    """The answer is not what was asked for: dead-letter `body` under `reason`, and ask again later."""

    def __init__(self, reason: str, detail: str, body: bytes) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.body = body


class EmptyAnswer(TransientError):
    """Nothing came for a symbol that the provider knows, while its market was open. It is no sign that nothing happened."""


@contextmanager
def reading(body: bytes) -> Iterator[None]:
    """Whatever cannot be read within it is a BadAnswer."""
    try:
        yield
    except InvalidRecord as error:
        raise BadAnswer(error.reason, error.detail, body) from error
    except KeyError as error:
        raise _bad(ValueError(f"there is no {error}"), body) from error
    except ArithmeticError as error:  # numbers that cannot be divided, times without end
        raise _bad(ValueError(f"{type(error).__name__}: {error}"), body) from error
    except REFUSED as error:
        raise _bad(error, body) from error


def _bad(error: Exception, body: bytes) -> BadAnswer:
    refused = refusal(error)
    return BadAnswer(refused.reason, refused.detail, body)


def decoder(type_: Any) -> Callable[[bytes], Any]:
    """Of JSON whose fractions are kept as they are written (fields of type Any hold text, or an int)."""
    return msgspec.json.Decoder(type_, float_hook=str).decode
