"""One open connection to a provider, whatever carries it: a WebSocket, a line of an HTTP answer after the other, later FIX.

The scheme of a session's address chooses it (see ingestors.links). What comes is stamped and put into a queue by the link itself, between a marker
where the connection began and one where it ended; everything else of the ingestor knows no transport.
"""

from abc import ABC, abstractmethod
from urllib.parse import urlsplit, urlunsplit


class LinkRefused(Exception):
    """The provider does not let us in, and will not at the next attempt: it says what is wrong with the key or the question."""


class Link(ABC):
    """received_ns: the machine's clock when the last bytes came. All calls from one event loop."""

    received_ns: int

    @abstractmethod
    async def say(self, frame: str) -> None:
        """Sends one message. May wait for the socket; raises TransientError once the connection is closed."""

    @abstractmethod
    async def ask(self) -> None:
        """Asks the other side for a sign of life, where the transport knows how: it moves received_ns. Raises as `say`."""

    @abstractmethod
    async def leave(self) -> None:
        """Closes in order; waits a few seconds at most."""

    @abstractmethod
    def cut(self) -> None:
        """Ends it at once, whatever it does."""

    @abstractmethod
    async def ended(self) -> None:
        """Returns once the connection is over and all that it brought is in the queue."""

    @property
    @abstractmethod
    def last_words(self) -> str:
        """Why it ended, as far as the transport says."""


def shown(url: str) -> str:
    """An address for people: without what may be a key."""
    split = urlsplit(url)
    host = split.netloc.rpartition("@")[2]
    return urlunsplit((split.scheme, host, split.path, "", ""))
