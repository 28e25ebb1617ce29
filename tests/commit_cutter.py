"""A way to PostgreSQL that breaks at COMMIT: a TCP relay that ends a client's connection around the moment when its transaction is decided."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

# The client sends it as a message of its own; no COPY text can hold the NUL, so nothing else looks like it.
_COMMIT = b"COMMIT\0"
_CHUNK_BYTES = 65_536

When = Literal["before", "inside", "after"]


class CommitCutter:
    """before: the server never gets the COMMIT. inside: it gets it, and the client is cut off at once. after: it has done it, and the answer is lost."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = (parts.hostname or "127.0.0.1", parts.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}").geturl()
        self.cuts = 0
        self._armed: When | None = None
        self._lock = threading.Lock()

    def arm(self, when: When) -> None:
        """The next COMMIT through here is the one."""
        with self._lock:
            self._armed = when

    def serve(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()

    def _relay(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._server, timeout=5)
        except OSError:  # it is being restarted
            client.close()
            return
        server.settimeout(None)
        answers = threading.Thread(target=self._answers, args=(server, client), daemon=True)
        answers.start()
        with suppress(OSError):
            while chunk := client.recv(_CHUNK_BYTES):
                when = self._taken() if _COMMIT in chunk else None
                if when and self._cut(when, chunk, server, client, answers):
                    break
                server.sendall(chunk)
        _end(client, server)

    def _taken(self) -> When | None:
        with self._lock:
            when, self._armed = self._armed, None
            self.cuts += when is not None
            return when

    def _cut(self, when: When, chunk: bytes, server: socket.socket, client: socket.socket, answers: threading.Thread) -> bool:
        _end(client)
        if when != "before":
            server.sendall(chunk)
        if when == "after":
            server.shutdown(socket.SHUT_WR)  # the end of the client: the server does what it was told, and leaves
            answers.join(30)
        return True

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        """Reads on when the client is gone, until the server is, too."""
        with suppress(OSError):
            while chunk := server.recv(_CHUNK_BYTES):
                with suppress(OSError):
                    client.sendall(chunk)
        _end(client)


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def commit_cutter(url: str) -> Iterator[CommitCutter]:
    """Serves until the end of the block; `url` is the server's own."""
    cutter = CommitCutter(url)
    threading.Thread(target=cutter.serve, daemon=True).start()
    try:
        yield cutter
    finally:
        cutter.close()
