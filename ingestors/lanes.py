"""The connections of one source: its symbols spread over lanes, replaced before the provider cuts them, changed while they live.

Symbols of one group share connections, those of different groups never do (see Venue.group).
"""

import asyncio
from collections.abc import Callable, Collection, Iterator

from ingestors.feed import Feed
from ingestors.handover import Handover
from ingestors.lane import Lane
from ingestors.session import Session
from ingestors.shard import Shard, groups_of, shards_of
from ingestors.shard_opener import Limits, ShardOpener
from runtime.clock import Clock
from runtime.errors import FatalError

_RENEW_SHARE = 0.95  # of a connection's life, then another one is opened


class Lanes:
    """All calls from one event loop. wake: set whenever a frame comes or a connector ends. market_open: whether symbols trade now. group_of: see Venue.group."""

    def __init__(
        self,
        source: str,
        make_session: Callable[[], Session],
        limits: Limits,
        clock: Clock,
        wake: asyncio.Event,
        market_open: Callable[[Collection[str]], bool] = lambda symbols: True,
        group_of: Callable[[str], str] = lambda symbol: "",
    ) -> None:
        self._source = source
        self._limits = limits
        self._clock = clock
        self._group_of = group_of
        self._opener = ShardOpener(make_session, limits, clock, wake, market_open)
        self._shards: list[Shard] = []
        self._handovers: list[Handover] = []
        self._ending: list[Shard] = []

    def __iter__(self) -> Iterator[Shard]:
        """All whose frames may be taken now."""
        new = [handover.new for handover in self._handovers if not handover.new.lane.held]
        return iter((*self._shards, *new))

    @property
    def symbols(self) -> set[str]:
        return set().union(*(shard.lane.symbols for shard in self._shards))

    def start(self, symbols: Collection[str]) -> None:
        """Begins to connect; without symbols there is nothing to connect for."""
        for group, members in groups_of(sorted(symbols), self._group_of).items():
            for some in shards_of(members, self._limits.symbols):
                self._shards.append(self._opener.open(some, group))
        self._opener.share_queues(self._shards)

    def step(self, feed: Feed) -> None:
        """Called a few times a second: replaces connections that near the end of their lives, goes on with those that are being replaced."""
        for shard in self._stable():
            self._reconcile(shard)
            lifetime_s = shard.lane.conversation.session.lifetime_s if shard.lane.conversation else 0.0
            if lifetime_s and shard.connector.age_s() > _RENEW_SHARE * lifetime_s:
                self.renew(shard)
        for handover in list(self._handovers):
            outcome = handover.step(feed)
            if outcome:
                self._handovers.remove(handover)
                self._settle(handover, outcome == "done")
        self._ending = [shard for shard in self._ending if not shard.task.done()]

    def renew(self, shard: Shard, *, carries_more: bool = False) -> None:
        """Opens another connection that takes over from this one, unless one does already. carries_more: it has symbols that this one does not have, so
        nothing of it may be passed over."""
        if shard in self._shards and all(handover.old is not shard for handover in self._handovers):
            new = self._opener.open(shard.lane.symbols, shard.lane.group, standby=True)
            self._handovers.append(Handover(shard, new, self._clock, self._source, at_once=carries_more))

    def _settle(self, handover: Handover, done: bool) -> None:
        if not done:
            handover.new.connector.stop()
            self._ending.append(handover.new)
            return
        self._shards[self._shards.index(handover.old)] = handover.new
        self._opener.share_queues(self._shards)
        if not handover.old.task.done():
            self._ending.append(handover.old)

    def add(self, symbols: Collection[str]) -> None:
        """Subscribes to more symbols: on connections that have room, then on new ones."""
        left = sorted(set(symbols) - self.symbols)
        for shard in self._stable():
            mine = [symbol for symbol in left if self._group_of(symbol) == shard.lane.group]
            new = mine[: max(0, self._limits.symbols - len(shard.lane.symbols))]
            shard.lane.symbols.update(new)
            left = [symbol for symbol in left if symbol not in shard.lane.symbols]
            self._reconcile(shard)
        if left:
            self.start(left)

    def remove(self, symbols: Collection[str]) -> list[Lane]:
        """Ends subscriptions. A connection that carries none any more is closed; its lane is returned, nothing more is taken from it."""
        idle = []
        for shard in self._stable():
            gone = shard.lane.symbols & set(symbols)
            shard.lane.symbols -= gone
            if gone and not shard.lane.symbols:
                self._close(shard)
                idle.append(shard.lane)
            else:
                self._reconcile(shard)
        return idle

    def _reconcile(self, shard: Shard) -> None:
        """What the connection carries becomes what its lane shall, also where that changed while it was being opened."""
        conversation, wanted = shard.connector.conversation, shard.lane.symbols
        if not (conversation and shard.connector.connected) or conversation.symbols == wanted:
            return
        if not conversation.session.symbols_in_address:
            conversation.add(wanted - conversation.symbols)
            conversation.remove(conversation.symbols - wanted)
            shard.connector.speak()
        elif wanted:
            self.renew(shard, carries_more=True)
        else:
            self._close(shard)

    def _close(self, shard: Shard) -> None:
        """A connection that cannot be one without symbols."""
        shard.lane.retired = True
        shard.connector.stop()
        self._shards.remove(shard)
        self._ending.append(shard)

    def ask_book(self, symbol: str) -> bool:
        """Asks anew for a symbol's order book, by a new connection where there is no other way. False while its connection is not ready to be asked."""
        for shard in self._stable():
            conversation = shard.connector.conversation
            if symbol not in shard.lane.symbols:
                continue
            if conversation is None or not shard.connector.connected or conversation.waiting():
                return False
            if conversation.books_again(symbol):
                shard.connector.speak()
            else:
                shard.connector.drop()
            return True
        return False

    def changing(self) -> bool:
        """Connections are being replaced: their symbols are better not changed now."""
        return bool(self._handovers)

    def _stable(self) -> list[Shard]:
        return [shard for shard in self._shards if all(handover.old is not shard for handover in self._handovers)]

    async def check(self) -> None:
        """Raises what ended a connector: UserError, or FatalError if nobody told it to."""
        for shard in (*self._shards, *(handover.new for handover in self._handovers)):
            if shard.task.done() and not shard.lane.retired:
                await shard.task
                raise FatalError("a connector ended without being told to")

    def backlog(self) -> int:
        """Frames that may be taken now."""
        return sum(len(shard.lane.queue) for shard in self)

    def connected(self) -> int:
        return sum(shard.connector.connected for shard in self._shards)

    def problem(self) -> str:
        """Why data do not come from all of them, or ""."""
        if not self._shards or not self.connected():
            return "not connected"
        missing = len(self._shards) - self.connected()
        return f"{missing} of {len(self._shards)} connections are missing" if missing else ""

    def data_age_s(self) -> float | None:
        """Of the lane that has been silent longest; None before there are lanes."""
        return max((shard.connector.data_age_s() for shard in self._shards if shard.lane.symbols), default=None)

    def refused(self) -> dict[str, str]:
        """Subscriptions that the provider refused, with its words."""
        conversations = [shard.connector.conversation for shard in self._shards]
        return {key: detail for one in conversations if one for key, detail in one.refused.items()}

    async def stop(self) -> None:
        """Closes all connections in order; what was received stays in the queues. One that was about to take over is given up."""
        shards = (*self._shards, *(handover.new for handover in self._handovers), *self._ending)
        for shard in shards:
            shard.connector.stop()
        await asyncio.gather(*(shard.task for shard in shards))

    def cancel(self) -> None:
        """At once, whatever they do."""
        for shard in (*self._shards, *(handover.new for handover in self._handovers), *self._ending):
            shard.task.cancel()
