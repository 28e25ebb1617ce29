"""What a sink writes to. `sinks.worker` reads, batches, retries and reports; a Store knows one kind of server and how positions move with the rows."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol

from runtime.errors import TransientError
from runtime.stage import InputRecord
from schemas.topics import Topic

Place = tuple[Topic, int]  # a topic and one of its partitions


class StoreDown(TransientError):
    """The server is away or refuses work for now. Nothing taken is lost: the same `flush` may be called again."""


class Store(Protocol):
    """One store. Called from one thread only.

    part: its name in /ready and metrics (`postgres`, `redis`).
    stored: per place the offset up to which everything is in the store, that one excluded.
    """

    part: str

    @property
    def stored(self) -> Mapping[Place, int]: ...

    @property
    def waiting_rows(self) -> int:
        """Rows (or values) taken since the last flush began; 0 if only positions have to move."""

    @property
    def waiting_records(self) -> int:
        """Records taken since the last flush began."""

    @property
    def is_writing(self) -> bool:
        """A flush was begun and not finished."""

    @property
    def is_written(self) -> bool:
        """It is over, and `finish_flush` will tell what became of it without waiting for the server."""

    def begin(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """Where to read each place from; forgets all that was taken. Raises StoreDown or TransientError (call again), FatalError (never go on)."""

    def take(self, record: InputRecord) -> None:
        """Buffers one record. Does not wait. A record that is no event becomes a counted drop or a dead letter, never an exception."""

    def flush(self) -> None:
        """Writes what was taken and moves the positions; on return both are durable as far as the server promises.

        May block as long as its time-outs allow. Raises StoreDown or TransientError: the outcome may be unknown and calling again is safe.
        """

    def start_flush(self) -> None:
        """Begins to write what was taken; what is taken from now on belongs to the next flush. Finishes the one before first, and raises as it does."""

    def finish_flush(self) -> None:
        """Waits for the flush that was begun, if one was; on return it is done as with `flush`. Raises as that: call again."""

    def wait_written(self) -> None:
        """Waits until nothing is being written, whatever becomes of it: so that another process may have the places."""

    def forget(self) -> None:
        """Drops what was taken and not flushed; its records will be read again, by this process or another."""

    def ping(self) -> None:
        """One cheap question to the server, while nothing is being written. Raises StoreDown."""

    def close(self) -> None:
        """Ends connections. Does not flush."""


class WritesAtOnce(ABC):
    """Of a store whose writes are short: a flush is over when `start_flush` returns."""

    is_writing = False
    is_written = False

    @abstractmethod
    def flush(self) -> None: ...

    def start_flush(self) -> None:
        self.flush()

    def finish_flush(self) -> None:  # noqa: B027  that it does nothing is what is meant
        """Nothing is ever under way."""

    def wait_written(self) -> None:  # noqa: B027
        """Nothing is ever under way."""
