"""The guard around every record. Bad data becomes a dead letter and the rest goes on; a transient error is repeated with back-off; anything else is
a bug: the process must stop with nothing acknowledged, because a record skipped in silence is a loss that nobody sees."""

from collections.abc import Callable, Iterable, Sequence

from tenacity import AsyncRetrying, RetryError, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from runtime import metrics
from runtime.dead_letters import letter_of
from runtime.errors import FatalError, InvalidRecord, TransientError
from runtime.logs import get_logger
from runtime.records import trace_of
from runtime.stage import InputRecord, Output
from schemas.codec import DecodeError, SchemaError, encode
from schemas.headers import TYPE
from schemas.reasons import Reason
from schemas.topics import Topic

Apply = Callable[[InputRecord], Iterable[Output]]


class Guard:
    """Wraps the application of one record. stage: who refuses, in dead letters and metrics."""

    def __init__(self, stage: str, retry_timeout_s: float = 60.0) -> None:
        self._stage = stage
        self._retry_timeout_s = retry_timeout_s

    def apply(self, apply: Apply, record: InputRecord) -> Sequence[Output]:
        """The outputs, or one dead letter. Raises TransientError as it came (call `apply_again` then) and FatalError for a bug, which it has logged.

        InvalidRecord, and the codec's DecodeError and SchemaError, are bad data; `apply` must have left its state unchanged then.
        """
        try:
            outputs = apply(record)
            return outputs if isinstance(outputs, (list, tuple)) else list(outputs)
        except (TransientError, FatalError):
            raise
        except InvalidRecord as error:
            return (self.dead_letter(record, error.reason, error.detail),)
        except SchemaError as error:
            return (self.dead_letter(record, Reason.INVALID_SCHEMA, str(error)),)
        except DecodeError as error:
            return (self.dead_letter(record, Reason.UNDECODABLE, str(error)),)
        except Exception as error:
            get_logger().error("record_failed", **_coordinates(record), error=repr(error), exc_info=error)
            raise FatalError(f"{self._stage} failed on {record.topic}/{record.partition}@{record.offset}: {error!r}") from error

    async def apply_again(self, apply: Apply, record: InputRecord) -> Sequence[Output]:
        """Repeats after a transient error, with growing pauses. Raises FatalError when the deadline is over."""
        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TransientError),
            wait=wait_exponential_jitter(multiplier=0.05, max=5.0),
            stop=stop_after_delay(self._retry_timeout_s),
        )
        try:
            async for attempt in retrying:
                with attempt:
                    metrics.RETRIES.labels(self._stage, "record").inc()
                    return self.apply(apply, record)
        except RetryError as error:
            get_logger().error("record_not_applied", **_coordinates(record), error=repr(error.last_attempt.exception()))
            raise FatalError(f"{self._stage}: {record.topic}/{record.partition}@{record.offset} still fails") from error
        raise AssertionError("tenacity ends by a result or by RetryError")

    def dead_letter(self, record: InputRecord, reason: str, detail: str) -> Output:
        """The whole record, original bytes and headers kept. Its time is the record's in the log, so that a repetition gives the same bytes."""
        letter = letter_of(self._stage, record, reason, detail)
        get_logger().warning("record_refused", **_coordinates(record), reason=reason, detail=detail[:500])
        return Output(Topic.DLQ, encode(letter), record.key, {TYPE: b"dead_letter"})


def _coordinates(record: InputRecord) -> dict[str, object]:
    return {"topic": record.topic.value, "partition": record.partition, "offset": record.offset, "trace": trace_of(record)}
