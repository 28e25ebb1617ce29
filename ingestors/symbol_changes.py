"""Which symbols an ingestor carries: those of the settings, or what was asked for at run time, which stands above them (topic market.sources)."""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from ingestors.names import Names
from ingestors.output import Output
from ingestors.resume import Published
from ingestors.venue import Venue
from runtime.errors import TransientError

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be subscribed to and what no more. published: what is known of the new ones from before."""

    new: set[str]
    gone: set[str]
    published: Published


class SymbolChanges:
    """symbols: what is carried, as far as `resolve` and `next` have come. names: learns every symbol that is ever carried."""

    def __init__(self, venue: Venue, output: Output, source: str, names: Names) -> None:
        self._venue = venue
        self._output = output
        self._source = source
        self._names = names
        self._asked: tuple[str, ...] | None = None
        self.symbols: set[str] = set()

    async def read(self) -> bool:
        """What was asked for before this start. Raises TransientError while that cannot be read."""
        self._asked = await self._output.asked_symbols(self._source)
        return True

    async def resolve(self) -> list[str]:
        """Asks the venue for its names of all symbols; those that it does not list, of the settings. Raises TransientError."""
        missing = await self._learn(self._wanted())
        self.symbols = self._wanted() - set(missing)
        if self._asked:  # a symbol that was asked for at run time and is gone must not end the process
            self._tell(missing)
            return []
        return missing

    async def next(self) -> Change | None:
        """The next change, if there is one and all that it needs can be asked for now."""
        try:
            self._asked = await self._output.asked_symbols(self._source)
            wanted = self._wanted()
            new, gone = wanted - self.symbols, self.symbols - wanted
            if not (new or gone):
                return None
            missing = await self._learn(new)
            self._tell(missing)
            new -= set(missing)
            published = await self._output.read_published(self._source, new, not self._venue.trade_ids_contiguous)
        except TransientError as error:
            log.warning("symbols_not_changed_yet", error=str(error))
            return None
        if not (new or gone):
            return None
        self.symbols = (self.symbols | new) - gone
        return Change(new, gone, published)

    def _wanted(self) -> set[str]:
        return set(self._asked or self._venue.settings.symbols)

    async def _learn(self, symbols: Iterable[str]) -> list[str]:
        unknown = sorted(set(symbols) - self._names.keys())
        if unknown:
            self._names.learn(await self._venue.resolve(unknown))
        return [symbol for symbol in unknown if symbol not in self._names]

    def _tell(self, missing: list[str]) -> None:
        if missing:
            log.error("symbols_not_listed", source=self._source, symbols=missing)
