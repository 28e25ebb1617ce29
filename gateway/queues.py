"""What waits for one client whose socket is full. Bounded: quotes and states give way to newer ones, the rest is counted.

Frames are shared with all other clients, so a waiting one costs a pointer; who is the last to wait for them keeps them, so bytes are bounded, too.
"""

from collections import deque

from msgspec import Struct

from gateway import answers
from gateway.frames import frame_of_json
from gateway.groups import Batch, Group, Outgoing
from runtime import metrics

CONFLATED = "conflated"
BEHIND = "behind"
_LARGEST_CHUNK_BYTES = 65_536
_conflated = metrics.SKIPPED.labels(CONFLATED)


class _Waiting(Struct, gc=False):
    """One message, and how many before it in its chain gave way to it; those came after `prev`. Without group: answers, which always go."""

    frame: bytes
    group: Group | None = None
    prev: str | None = None
    skipped: int = 0
    skipped_to: str = ""
    seq: str = ""
    is_passing: bool = False
    messages: int = 1


class ClientQueue:
    """First in, first out; a message that gives way gives its place to the newer one."""

    __slots__ = ("_last", "_limit", "_most_bytes", "_waiting", "answers_bytes", "waiting_bytes")

    def __init__(self, limit: int, most_bytes: int) -> None:
        self._limit = limit
        self._most_bytes = most_bytes
        self.waiting_bytes = 0
        self.answers_bytes = 0  # of them, what is for this client alone
        self._waiting: deque[_Waiting] | None = None  # an empty one takes more memory than all else of an idle client
        self._last: dict[Group, _Waiting] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __len__(self) -> int:
        return len(self._waiting or ())

    def put(self, batch: Batch) -> bool:
        """False if that is more than the client may have waiting; then what fitted is there, and `collapse` is to be called."""
        for number, message in enumerate(batch.messages):
            if not self._add(batch.group, message):
                self._give_up(batch.group, batch.messages[number:])
                return False
        return True

    def put_answer(self, frames: bytes, messages: int = 1) -> bool:
        """What is for this client alone; it never gives way. False, and nothing kept, if as much waits as may."""
        if self._is_full():
            return False
        self._append(_Waiting(frames, messages=messages))
        self._last.clear()  # a snapshot may be among them: what comes after it must not move before it
        return True

    def _add(self, group: Group, message: Outgoing) -> bool:
        last = self._last.get(group)
        if last is not None and last.is_passing and message.is_passing:
            last.skipped += 1
            self.waiting_bytes += len(message.frame) - len(last.frame)
            last.skipped_to, last.seq, last.frame = last.seq, message.seq, message.frame
            _conflated.inc()
            return True
        if self._is_full():
            return False
        self._last[group] = waiting = _Waiting(message.frame, group, message.prev, 0, "", message.seq, message.is_passing)
        self._append(waiting)
        return True

    def _is_full(self) -> bool:
        return len(self) >= self._limit or self.waiting_bytes >= self._most_bytes

    def _give_up(self, group: Group, messages: list[Outgoing]) -> None:
        """Beyond the limit for a moment: one entry that stands for all of them, so that nothing vanishes uncounted."""
        first, last = messages[0], messages[-1]
        self._append(_Waiting(b"", group, first.prev, len(messages), last.seq, last.seq))

    def _append(self, waiting: _Waiting) -> None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(waiting)
        self._count(waiting, 1)

    def _count(self, one: _Waiting, sign: int) -> None:
        size = sign * len(one.frame)
        self.waiting_bytes += size
        if one.group is None:
            self.answers_bytes += size

    def collapse(self) -> int:
        """Puts one notice a chain in the place of its waiting messages. Answers stay, and so do states. Returns how many messages went."""
        waiting = self._waiting or deque()
        self.clear()
        notices: dict[Group, _Waiting] = {}
        gone = 0
        for one in waiting:
            if one.group is None:
                notices.clear()  # later messages of the same chains follow this answer
                self._append(one)
            elif one.group.is_state and one.frame:
                self._append(one)
            else:
                gone += one.skipped + bool(one.frame)
                self._fold(notices, one.group, one)
        return gone

    def _fold(self, notices: dict[Group, _Waiting], group: Group, one: _Waiting) -> None:
        notice = notices.get(group)
        if notice is None:
            notice = notices[group] = _Waiting(b"", group, one.prev)
            self._append(notice)
        notice.skipped += one.skipped + bool(one.frame)
        notice.skipped_to = notice.seq = one.seq

    def pop(self, most: int) -> tuple[bytes, int]:
        """Frames that are next, and how many messages: at most `most`, and not much more than 64 KiB, but always something."""
        chunks: list[bytes] = []
        size = messages = 0
        while self._waiting and size < _LARGEST_CHUNK_BYTES and messages < most:
            one = self._waiting.popleft()
            self._count(one, -1)
            if one.group is not None and self._last.get(one.group) is one:
                del self._last[one.group]
            chunk = _frames(one)
            chunks.append(chunk)
            size += len(chunk)
            messages += one.messages
        if not self._waiting:
            self._waiting = None
        return b"".join(chunks), messages

    def clear(self) -> None:
        self._waiting = None
        self._last.clear()
        self.waiting_bytes = self.answers_bytes = 0


def _frames(one: _Waiting) -> bytes:
    if one.group is None or not one.skipped:
        return one.frame
    reason = CONFLATED if one.frame else BEHIND
    notice = answers.skipped(one.group.key, reason, one.skipped, one.prev, one.skipped_to)
    return frame_of_json(notice, one.group.variant.wire) + one.frame
