"""A streaming provider as the shared ingestor sees it. Each has one class of these, in its ingestor.py."""

from abc import ABC, abstractmethod
from collections.abc import Collection
from importlib import import_module
from typing import cast

from ingestors.books.keeper import BookRules
from ingestors.history import History
from ingestors.names import Names
from ingestors.registry import provider_of
from ingestors.session import Session
from runtime.errors import UserError
from runtime.settings import Settings
from runtime.settings.providers import StreamSettings


class Venue(ABC):
    """One provider in one process; its methods are called from one event loop.

    settings: the provider's section. section: its name in the settings, for the user's eyes.
    trade_ids_contiguous: it numbers a symbol's trades without holes, from which losses are known. Else holes are found and filled by time.
    quotes_numbered: it numbers quotes, if with jumps. Else a quote's number is ours, and only times tell which were lost.
    """

    settings: StreamSettings
    section: str
    trade_ids_contiguous: bool
    quotes_numbered: bool = True

    @abstractmethod
    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        """Canonical symbols to the provider's own names, for those that it lists. Asks it: raises TransientError while it cannot be asked."""

    @abstractmethod
    def session(self, names: Names) -> Session:
        """For a new connection. names: of all symbols that any connection may carry; they grow while the process lives."""

    @abstractmethod
    def history(self, names: Names) -> History:
        """The past of the same symbols."""

    def group(self, symbol: str) -> str:
        """Symbols of different groups never share a connection: for venues whose asset classes have an address each."""
        return ""

    def book_rules(self) -> BookRules | None:
        """What is to be known of its order books; None: it has none, or they are not asked for."""
        return None

    def newest_only(self, frame: bytes) -> bytes:
        """A key for frames of which only the newest counts, such as quotes of one symbol; b"" for all others. Must be fast, and may know none."""
        return b""

    async def close(self) -> None:
        """Ends what it holds open."""
        return


def venue_of(name: str, settings: Settings) -> Venue:
    """A streaming provider's, whose calls wait for the provider's limits as long as it takes, for those that ask about its past beside its ingestor: `ingestors.NAME.ingestor:venue(settings)`. Raises UserError where
    it has none."""
    module = import_module(f"{provider_of(name).module}.ingestor")
    if not hasattr(module, "venue"):
        raise UserError(f"{name} gives no trades of the past; ask for bars with --timeframe")
    return cast(Venue, module.venue(settings))
