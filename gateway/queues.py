"""What waits for one client whose socket is full: bounded in messages. Frames are shared with all other clients, so a waiting one costs a pointer."""

from collections import deque


class ClientQueue:
    """First in, first out. The session asks it before it writes: as long as something waits, everything has to."""

    __slots__ = ("_chunks", "_limit", "messages")

    def __init__(self, limit: int) -> None:
        self._chunks: deque[tuple[bytes, int]] = deque()
        self._limit = limit
        self.messages = 0

    def __bool__(self) -> bool:
        return bool(self._chunks)

    def put(self, frames: bytes, messages: int) -> bool:
        """False, and nothing kept, if that is more than the client may have waiting."""
        if self.messages + messages > self._limit:
            return False
        self._chunks.append((frames, messages))
        self.messages += messages
        return True

    def pop(self) -> bytes:
        """The frames that are next."""
        frames, messages = self._chunks.popleft()
        self.messages -= messages
        return frames

    def clear(self) -> None:
        self._chunks.clear()
        self.messages = 0
