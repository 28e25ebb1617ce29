"""What is said on one connection to a provider. Each provider has one class of these, in its ingestor.py; everything around it is shared."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from ingestors.events import Event


@dataclass(frozen=True, slots=True)
class Request:
    """One message to the provider, as text. keys: what its acknowledgement names (see events.Acknowledged); none: nothing comes back."""

    frame: str
    keys: frozenset[str] = field(default_factory=frozenset)


class Session(ABC):
    """One connection. Made anew for each: neither subscriptions nor the numbers of channels survive one. Only `address` may wait; all else is pure.

    awaits_welcome: nothing may be said before the provider has said Welcome. request_interval_s: at least so long between two messages of ours.
    ping_interval_s: `ping` is sent so often; 0: never. heartbeat_timeout_s: the provider says something at least so often, data or not; 0: it does not.
    lifetime_s: the provider cuts connections of this age; 0: it does not. symbols_in_address: they stand nowhere else, so other symbols need another
    connection. key_setting: where the key comes from that the provider may refuse, "" without one. group: of its symbols (see Venue.group), set by who
    opens the connection.
    """

    awaits_welcome = False
    request_interval_s = 0.0
    ping_interval_s = 0.0
    heartbeat_timeout_s = 0.0
    lifetime_s = 0.0
    symbols_in_address = False
    key_setting = ""
    group = ""

    @abstractmethod
    async def address(self, symbols: Collection[str]) -> str:
        """Where to connect to; the scheme says how (see ingestors.links). May ask the provider: raises TransientError while it cannot be asked, UserError if it refuses.

        symbols: what will be subscribed to, for providers that take it with the address.
        """

    def headers(self) -> Mapping[str, str]:
        """Of the HTTP request that opens the connection; a key belongs here rather than into the address."""
        return {}

    def login(self) -> list[Request]:
        """What must be said, and acknowledged, before anything else may be asked for."""
        return []

    @abstractmethod
    def subscribe(self, symbols: Collection[str], first: bool) -> list[Request]:
        """Asks for canonical symbols. first: they are those of `address`, and the connection is new."""

    @abstractmethod
    def unsubscribe(self, symbols: Collection[str]) -> list[Request]:
        """The opposite."""

    @abstractmethod
    def parse(self, frame: bytes, received_ns: int) -> Event | list[Event]:
        """One event, or a list of events and controls in order. Raises InvalidRecord with a reason code. received_ns: the ingest clock."""

    def resubscribe_books(self, symbols: Collection[str]) -> list[Request]:
        """Asks anew for the order books of symbols that it carries, so that the provider sends whole ones: where snapshots come in the stream. Empty: only
        a new connection brings them."""
        return []

    def reader(self) -> Callable[[bytes, int], Event | list[Event]]:
        """What a running feed calls for each frame: `parse`, or what does the same with one call less."""
        return self.parse

    def ping(self) -> str:
        """Said every ping_interval_s; the answer parses to Heartbeat."""
        return ""
