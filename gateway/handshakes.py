"""Connections that have not said yet what they want: so many at a time, so that silence costs nothing but a socket for a moment."""

from typing import Protocol

from runtime import metrics


class Opening(Protocol):
    """A connection before its request."""

    def abort(self) -> None: ...


class Handshakes:
    """Beyond the limit the oldest is cut off: who means it has sent its request within milliseconds, who is silent is the oldest soon."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: dict[Opening, None] = {}

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, connection: Opening) -> None:
        self._open[connection] = None
        if len(self._open) > self._limit:
            oldest = next(iter(self._open))
            del self._open[oldest]
            metrics.REFUSED.labels("connect", "max_handshakes").inc()
            oldest.abort()

    def end(self, connection: Opening) -> None:
        """Its request is there, or it is gone."""
        self._open.pop(connection, None)
