"""What a sink writes to. `sinks.worker` reads, batches, retries and reports; a Store knows one kind of server and how positions move with the rows."""

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
        """Rows (or values) taken and not yet flushed; 0 if only positions have to move."""

    @property
    def waiting_records(self) -> int:
        """Records taken and not yet flushed."""

    def begin(self, places: Sequence[Place]) -> Mapping[Place, int]:
        """Where to read each place from; forgets all that was taken. Raises StoreDown or TransientError (call again), FatalError (never go on)."""

    def take(self, record: InputRecord) -> None:
        """Buffers one record. Does not wait. A record that is no event becomes a counted drop or a dead letter, never an exception."""

    def flush(self) -> None:
        """Writes what was taken and moves the positions; on return both are durable as far as the server promises.

        May block as long as its time-outs allow. Raises StoreDown or TransientError: the outcome may be unknown and calling again is safe.
        """

    def forget(self) -> None:
        """Drops what was taken and not flushed; its records will be read again, by this process or another."""

    def ping(self) -> None:
        """One cheap question to the server. Raises StoreDown."""

    def close(self) -> None:
        """Ends connections. Does not flush."""
