"""Which symbols an ingestor carries: those of the settings, or what was asked for at run time, which stands above them (topic market.sources).

A source that is disabled carries none; one that is to begin anew gives all up, and takes them again at the next look. One of several processes of a source carries those
of its shard.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from ingestors.names import Names
from ingestors.output import Output
from ingestors.process_shard import ProcessShard
from ingestors.resume import Published
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import TransientError, UserError

log = structlog.get_logger()

_AGAIN_S = 300.0  # a symbol that the venue does not list may be listed later: the answer is a whole table
_REFUSED_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be subscribed to and what no more. published: what is known of the new ones from before."""

    new: set[str]
    gone: set[str]
    published: Published


class Configured(Protocol):
    """A section of the settings."""

    @property
    def symbols(self) -> tuple[str, ...]: ...

    @property
    def priority(self) -> int: ...


class Listing(Protocol):
    """Who knows names: a streaming provider's Venue, a polled one's PollVenue."""

    trade_ids_contiguous: bool

    @property
    def settings(self) -> Configured: ...

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]: ...


class SymbolChanges:
    """symbols: what is carried, as far as `resolve` and `next` have come. names: learns every symbol that is ever carried. shard: of all that is asked for, what falls to
    this process."""

    def __init__(self, venue: Listing, output: Output, source: str, names: Names, clock: Clock, shard: ProcessShard) -> None:
        self._venue = venue
        self._output = output
        self._source = source
        self._names = names
        self._clock = clock
        self._unlisted: set[str] = set()  # of the request that was answered last
        self._answered: set[str] = set()
        self._again_s = 0.0
        self._asked: tuple[str, ...] | None = None
        self._restarted_ns = 0
        self.symbols: set[str] = set()
        self.shard = shard

    async def read(self) -> bool:
        """What was asked for before this start. Raises TransientError while that cannot be read."""
        self._asked = await self._output.asked_symbols(self._source)
        self._restarted_ns = self._asked_restart_ns()
        self._count()
        return True

    def _count(self) -> None:
        metrics.SOURCE_ENABLED.labels(self._source).set(self.enabled and not self.empty)

    @property
    def enabled(self) -> bool:
        """The source shall carry something."""
        state = self._output.source_state(self._source)
        return state is None or state.enabled

    @property
    def empty(self) -> bool:
        """It is enabled, and none of its symbols falls to this process: another has them all."""
        return not self.symbols and self.enabled and not self._wanted()

    @property
    def idle(self) -> bool:
        """Nothing shall come."""
        return not self.enabled or self.empty

    @property
    def priority(self) -> int:
        """What the source's watermarks shall say."""
        state = self._output.source_state(self._source)
        return self._venue.settings.priority if state is None or state.priority is None else state.priority

    def _asked_restart_ns(self) -> int:
        state = self._output.source_state(self._source)
        return state.restarted_ns if state else 0

    def _restart(self) -> Change | None:
        """All symbols go, if that was asked for since the last time."""
        if self._asked_restart_ns() == self._restarted_ns:
            return None
        self._restarted_ns = self._asked_restart_ns()
        gone, self.symbols = self.symbols, set()
        log.info("source_restarts", source=self._source)
        return Change(set(), gone, Published()) if gone else None

    async def resolve(self) -> list[str]:
        """Asks the venue for its names of all symbols; those that it does not list, of the settings. Raises TransientError."""
        missing = await self._learn(self._wanted())
        self._remember(missing, _AGAIN_S)
        self.symbols = self._wanted() - set(missing)
        if self._asked:  # a symbol that was asked for at run time and is gone must not end the process
            self._tell(missing)
            return []
        return missing

    async def next(self) -> Change | None:
        """The next change, if there is one and all that it needs can be asked for now."""
        try:
            self._asked = await self._output.asked_symbols(self._source)
            self._count()
            if restart := self._restart():
                return restart
            wanted = self._wanted() - self._known_unlisted()
            new, gone = wanted - self.symbols, self.symbols - wanted
            if not (new or gone):
                return None
            missing = await self._learn(new)
            if missing:
                self._remember(missing, _AGAIN_S)
                self._tell(missing)
            new -= set(missing)
            published = await self._output.read_published(self._source, new, not self._venue.trade_ids_contiguous)
        except TransientError as error:
            log.warning("symbols_not_changed_yet", error=str(error))
            return None
        except UserError as error:  # the venue refuses the question: what is carried goes on
            log.error("symbols_not_changed", error=str(error), again_s=_REFUSED_AGAIN_S)
            self._remember(sorted(self._wanted() - self.symbols), _REFUSED_AGAIN_S)
            return None
        if not (new or gone):
            return None
        self.symbols = (self.symbols | new) - gone
        return Change(new, gone, published)

    def _wanted(self) -> set[str]:
        return self.shard.of_these(self._asked or self._venue.settings.symbols) if self.enabled else set()

    def _remember(self, missing: list[str], wait_s: float) -> None:
        self._answered, self._unlisted = self._wanted(), set(missing)
        self._again_s = self._clock.monotonic_s() + wait_s

    def _known_unlisted(self) -> set[str]:
        """What need not be asked for: the request is the one that was answered, not long ago."""
        same = self._wanted() == self._answered and self._clock.monotonic_s() < self._again_s
        return self._unlisted if same else set()

    async def _learn(self, symbols: Iterable[str]) -> list[str]:
        unknown = sorted(set(symbols) - self._names.keys())
        if unknown:
            self._names.learn(await self._venue.resolve(unknown))
        return [symbol for symbol in unknown if symbol not in self._names]

    def _tell(self, missing: list[str]) -> None:
        if missing:
            log.error("symbols_not_listed", source=self._source, symbols=missing)
