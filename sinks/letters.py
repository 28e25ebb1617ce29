"""Dead letters of a sink: sent each once, and delivered before its positions move."""

from collections.abc import Callable

from runtime import metrics
from runtime.kafka import Publisher
from runtime.logs import get_logger
from schemas.codec import encode
from schemas.dead_letters import DeadLetter
from schemas.headers import IDENTITY, TRACE, TYPE
from schemas.identity import Identity
from schemas.topics import Topic

_DELIVERY_TIMEOUT_S = 10.0  # then whoever waits tries again; the producer goes on trying meanwhile


class LetterBox:
    """The producer is made with the first letter: most sinks never need it. event: what the log calls a letter."""

    def __init__(self, event: str, publisher: Callable[[], Publisher]) -> None:
        self._event = event
        self._make = publisher
        self._publisher: Publisher | None = None

    def send(self, letter: DeadLetter, identity: Identity, key: bytes | None = None) -> None:
        """Hands the letter to the producer, counted and logged."""
        self._publisher = self._publisher or self._make()
        headers = {IDENTITY: identity.encode(), TYPE: b"dead_letter"}
        if letter.trace:
            headers[TRACE] = letter.trace.encode()
        self._publisher.send(Topic.DLQ, letter.partition, encode(letter), key, headers)
        metrics.DEAD_LETTERS.labels(letter.stage, letter.reason).inc()
        get_logger().warning(
            self._event,
            topic=letter.topic,
            partition=letter.partition,
            offset=letter.offset,
            index=letter.index,
            reason=letter.reason,
            error=letter.error,
            trace=letter.trace,
        )

    def deliver(self) -> None:
        """Returns when all are on the broker. Raises TransientError (call again), FatalError if one was lost."""
        if self._publisher:
            self._publisher.flush(_DELIVERY_TIMEOUT_S)
