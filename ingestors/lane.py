"""One connection of a source in use: its symbols, its queue, and the conversation that its frames belong to."""

from collections.abc import Callable
from dataclasses import dataclass, field

from ingestors.conversation import Conversation
from ingestors.events import Event
from ingestors.frame_queue import FrameQueue, Marker
from runtime.errors import FatalError


@dataclass(eq=False)
class Lane:
    """number: among the connections of the process. symbols: canonical, no other lane carries them, but for one that it replaces.

    opened: connections so far; open: the last of them has not ended, as far as its frames were read; may_have_lost: what its last connection sent last is unknown.
    standby: it will take over from a lane that still lives, and only listens; heard_events: data that it heard so. held: nothing is taken from its queue.
    retired: another lane takes over, so its end is no loss. seamless: it took over before any of its frames was read, so its opening is no break.
    played: from a capture, which tells of no connection that comes back. group: of its symbols, see Venue.group.
    """

    symbols: set[str]
    queue: FrameQueue
    standby: bool = False
    held: bool = False
    retired: bool = False
    seamless: bool = False
    played: bool = False
    heard_events: int = 0
    number: int = 0
    group: str = ""
    opened: int = 0
    open: bool = False
    may_have_lost: bool = True  # what was published last is known, what was sent since is not
    conversation: Conversation | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.parse: Callable[[bytes, int], Event | list[Event]] = _unopened

    def begin(self, marker: Marker) -> None:
        """From here on the frames in the queue are of another connection; `parse` is its session's reader."""
        assert marker.conversation is not None
        self.conversation = marker.conversation
        self.parse = marker.conversation.session.reader()
        self.opened += 1
        self.open = True

    def end(self) -> None:
        """The connection is over."""
        self.open = False


def _unopened(frame: bytes, received_ns: int) -> Event:
    raise FatalError("a frame stands before the opening of its connection")
