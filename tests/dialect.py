"""One provider's protocol, for the local server that speaks it and for the suites over all providers."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Protocol

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.protocol import State

from ingestors.output import Output
from ingestors.registry import provider_of
from runtime.clock import SystemClock
from runtime.health import Health
from runtime.settings import load_settings

START_NS = 1_723_161_900_000_000_000
STEP_NS = 1_000_000
RECORDED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@dataclass(frozen=True)
class Deal:
    """One trade at the venue, whether or not anybody was told."""

    symbol: str
    trade_id: int
    ts_event_ns: int
    price: str = "100.25"
    size: str = "0.5"


@dataclass
class Said:
    """What a message of the client's leads to: frames to answer, canonical symbols that are on or off from now on."""

    answers: list[bytes] = field(default_factory=list)
    on: set[str] = field(default_factory=set)
    off: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Client:
    """connection: None for a stream of lines. memory: a dialect's, of what it said to this one."""

    connection: ServerConnection | None
    transport: asyncio.Transport
    symbols: set[str]
    memory: dict[str, int] = field(default_factory=dict)
    stalled: bool = False  # open, and nothing is said on it any more

    @property
    def gone(self) -> bool:
        return self.stalled or self.transport.is_closing() or (self.connection is not None and self.connection.state is not State.OPEN)


class Dialect(Protocol):
    """One provider's protocol, for the server and the suite; the dialects are its subclasses. symbols: two canonical ones that it lists.

    unknown, malformed: frames of a kind that nobody knows, and that are cut off. hidden_limit: the body with status 200 that says too many calls.
    names: the provider's of the symbols, where they are not alike. numbered: it numbers a symbol's trades without holes; remembers: how many trades its
    REST interface tells. book_settings: of the provider's section, so that it sends books; none: it has none. book_reason: of `broken_book`;
    book_comes_again: once it is asked for, a whole one comes in the stream. numbers_messages: those of a connection, in `memory["number"]` of the
    client. side: of its trades, "" where it tells none.
    quoted: it has quotes and no trades: the deals come as quotes, the number of each is `trade_id`. acknowledges: it confirms subscriptions. repeats_as: what a message that comes again leads to: without ids it is another trade, and a state is nothing new. lines: the path of its stream of lines, where it has no WebSocket. step_ns: between two deals.
    key_setting: where its key comes from, "" where it wants none; wrong_key: it does not know the key, which it says in an answer, or with the status of
    the handshake (key_in_handshake).
    """

    name: str
    symbols: tuple[str, str]
    unknown: bytes
    malformed: bytes
    hidden_limit: bytes
    names: ClassVar[Mapping[str, str]] = MappingProxyType({})
    numbered: bool = True
    remembers: int = 1_000_000
    book_settings: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    book_reason: str = ""
    book_comes_again: bool = True
    numbers_messages: bool = False
    side: str = "buy"
    quoted: bool = False
    acknowledges: bool = True
    repeats_as: Literal["again", "another", "nothing"] = "again"
    lines: str = ""
    step_ns: int = STEP_NS
    key_setting: str = ""
    key_in_handshake: bool = False
    wrong_key: bool = False

    def section(self, websocket: str, rest: str) -> dict[str, Any]:
        """Of the provider's settings: what makes an ingestor carry both symbols from this server, and their trades alone."""

    def sections(self, websocket: str, rest: str, **more: Any) -> dict[str, Any]:
        """The same where it stands among all settings. more: of the provider's section."""
        section = self.section(websocket, rest) | more
        return {"binance": section} if self.name == "binance" else {"providers": {self.name.replace("-", "_"): section}}

    def build(self, websocket: str, rest: str, settings: Any, output: Output, health: Health) -> Any:
        """The ingestor of both symbols. settings: sections beside the provider's own, and under `provider` more of these."""
        own = self.sections(websocket, rest, **settings.pop("provider", {}))
        make = resolve_name(provider_of(self.name).ingestor)
        return make(load_settings(**settings, **own), "", SystemClock(), health, output)

    def hello(self, path: str) -> Said:
        """What the server says first, and what the address subscribes to."""

    def answer(self, message: str) -> Said: ...

    def rest(self, path: str, query: dict[str, str], deals: list[Deal]) -> bytes: ...

    def trade(self, deal: Deal) -> bytes: ...

    def heartbeat(self) -> bytes | None: ...

    def session(self) -> Any:
        """A session for recorded traffic, all its symbols known; for unit-like cases."""

    def recorded(self) -> Iterable[bytes]:
        """The messages of the recording, none if there is no recording."""

    def trade_id(self, deal: Deal) -> int | str:
        """As the parser tells it."""
        return deal.trade_id

    def book(self, symbol: str) -> list[bytes]:
        """What shows the book of a symbol, beside what its subscription is answered with."""
        return []

    def broken_book(self, symbol: str) -> bytes:
        """After this the book cannot be right."""
        return b""

    def happened(self, deal: Deal) -> None:
        """Whether or not anybody is told, before it is."""
        return

    def shorten(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Waits of this provider's own that are too long for a test."""
        return

    def on_wire(self, frame: bytes, client: Client) -> bytes:
        """The frame as one client gets it."""
        return frame
