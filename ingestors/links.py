"""Which transport an address means. A new one is one more line here, and a Link."""

from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from ingestors.connection import open_connection
from ingestors.conversation import Conversation
from ingestors.frame_queue import FrameQueue
from ingestors.line_stream import open_lines
from ingestors.link import Link, shown
from runtime.clock import Clock
from runtime.errors import TransientError

Opener = Callable[[str, FrameQueue, Clock, int, Conversation | None, Mapping[str, str]], Awaitable[Link]]

_OPENERS: dict[str, Opener] = {"ws": open_connection, "wss": open_connection, "http": open_lines, "https": open_lines}


async def open_link(url: str, queue: FrameQueue, clock: Clock, max_size: int, conversation: Conversation) -> Link:
    """Connects within 10 s, with the headers of the conversation's session. Raises TransientError, LinkRefused."""
    opener = _OPENERS.get(urlsplit(url).scheme)
    if opener is None:
        raise TransientError(f"no transport for {shown(url)}; there are: {', '.join(_OPENERS)}")
    return await opener(url, queue, clock, max_size, conversation, conversation.session.headers())
