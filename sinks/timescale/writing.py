"""A batch on its way to the server, written by a thread while the next one is read: server and sink would else wait for each other by turns."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sinks.timescale.batch import Batch
from sinks.timescale.offsets import Move

Write = Callable[[Batch, Sequence[Move]], None]


class Writing:
    """batch and moves stay as they were when it began, however often it is tried. write: raises what a flush raises."""

    def __init__(self, thread: ThreadPoolExecutor, write: Write, batch: Batch, moves: Sequence[Move]) -> None:
        self.batch = batch
        self._thread, self._write, self._moves = thread, write, moves
        self._attempt: Future[None] | None = None
        self.begin()

    def begin(self) -> None:
        """Does not wait."""
        self._attempt = self._thread.submit(self._write, self.batch, self._moves)

    @property
    def is_over(self) -> bool:
        """Whether `finish` would not wait for the server, or has to begin again."""
        return self._attempt is None or self._attempt.done()

    def wait(self) -> None:
        """Until nothing is under way, whatever became of it."""
        if self._attempt is not None:
            wait([self._attempt])

    def finish(self) -> None:
        """Waits; on return the batch is committed. Raises what the attempt raised, and begins another one when it is called again."""
        if self._attempt is None:
            self.begin()
        attempt, self._attempt = self._attempt, None
        assert attempt is not None
        attempt.result()
