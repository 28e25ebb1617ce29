"""What a provider's parser makes of a frame beside market data: the provider's side of the conversation, in one vocabulary for all providers.

Market data are the events of `schemas`: Trade, Quote, BookDifference, Bar.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The provider confirms what was asked for. keys: as the session named them in its requests; others are passed over."""

    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider refuses what was asked for. key: as in the request, "" if it does not say which; detail: its own words."""

    key: str
    detail: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The provider does not know our key, or it allows none of this: only the user can mend that. detail: its own words."""

    detail: str


@dataclass(frozen=True, slots=True)
class Welcome:
    """The provider is ready to be asked."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The connection lives. No data: a feed of heartbeats alone is a dead feed."""


@dataclass(frozen=True, slots=True)
class Ping:
    """The provider wants an answer in the text protocol. answer: the whole frame."""

    answer: str


@dataclass(frozen=True, slots=True)
class NewestTrade:
    """The provider tells the newest trade of a symbol without being the trade's own message: a heartbeat, or a trade that it repeats at the start."""

    symbol: str
    trade_id: int
    ts_event_ns: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """The provider will close the connection, or asks for a new one."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The provider's own numbering of the connection shows that messages of it were lost: only a new connection knows all again."""

    detail: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A message that is known and holds nothing for us, such as a bar that is still open. kind: what it is."""

    kind: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A part of a frame that is refused while the rest of it holds. payload: its bytes; reason: a schemas.reasons.Reason."""

    payload: bytes
    reason: str
    detail: str


Control = Acknowledged | Refused | Denied | Welcome | Heartbeat | Ping | NewestTrade | Leaving | Lost | Ignored | Unreadable
HEARTBEAT = Heartbeat()
WELCOME = Welcome()
LEAVING = Leaving()
UNCLOSED = Ignored("unclosed_bar")

Event = Any
"""One event of market data, or a Control."""
