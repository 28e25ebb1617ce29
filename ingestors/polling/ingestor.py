"""The ingestor of a polled provider: builds the parts, asks what is due, and ends with everything delivered."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from ingestors.helpers import Helpers, KafkaCheck, wake_regularly
from ingestors.names import Names
from ingestors.output import KafkaOutput, Output
from ingestors.persistence import persistently
from ingestors.polling.asker import Asker
from ingestors.polling.bar_questions import BarQuestions
from ingestors.polling.questions import Questions
from ingestors.polling.venue import PollVenue
from ingestors.process_shard import ProcessShard
from ingestors.publisher import EventPublisher
from ingestors.symbol_changes import Change, SymbolChanges
from ingestors.symbol_follower import SymbolFollower
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.faults import KillPoints
from runtime.health import Health
from runtime.logs import get_logger
from runtime.settings import Settings
from schemas.timeframes import SECOND_NS, Timeframe

log = get_logger()
TURN_S = 0.25  # so often is looked at what is due
OFFER_S = 1.0
_CONGESTED_WAIT_S = 0.05
T = TypeVar("T")


class PollIngestor:
    """One process of one provider. `run` returns after `stop` with everything delivered.

    Raises UserError (a key that is missing or refused, symbols that the provider does not have), FatalError (a record was not delivered); the outside
    world being away is waited for, and told as a gap where it lasts.
    """

    def __init__(
        self, name: str, venue: PollVenue, settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None
    ) -> None:
        self.stage = f"ingest.{name}"
        self._name = name
        self._venue = venue
        self._settings = settings
        self._clock = clock
        self._health = health
        self._output = output or KafkaOutput(settings.kafka, bootstrap)
        self._stopping = asyncio.Event()
        self._wake = asyncio.Event()
        self._changes = SymbolChanges(venue, self._output, venue.source, Names(), clock, ProcessShard(settings.kafka.partitions))
        self._helpers = Helpers(self._wake)
        self._kafka = KafkaCheck(self._output, self.stage)
        self._questions = Questions(venue, clock, self._wake.set)
        self._asker: Asker | None = None
        self._offered_ns = self._marked_ns = 0
        health.add_check("data", self._check_data)
        health.add_check("answers", lambda: self._asker.problem() if self._asker else "")
        health.add_check("symbols", self._check_symbols)
        health.add_check("kafka", self._kafka.problem)

    @property
    def source(self) -> str:
        return self._venue.source

    def take_shard(self, shard: ProcessShard) -> None:
        """Before `run`: other processes carry the rest of the symbols."""
        self._changes.shard = shard

    def play(self, paths: Sequence[Path]) -> None:
        """There is nothing to play. Raises UserError."""
        raise UserError(f"{self._name} is asked at intervals: captures of raw frames are of streams, leave --play out")

    def stop(self) -> None:
        """Ends `run`. May be called from a signal handler."""
        self._stopping.set()
        self._wake.set()

    async def run(self) -> None:
        """Until `stop`."""
        if self._timeframes() and self._venue.source not in self._settings.process.provider_bars:
            log.warning("bars_not_published", source=self._venue.source, name_it_in="process.provider_bars")
        try:
            if await self._know_symbols() and (asker := await self._persistently("kafka", self._make_asker)):
                self._asker = asker
                await self._ask_on(asker)
        finally:
            await self._venue.close()

    async def _persistently(self, part: str, attempt: Callable[[], Awaitable[T]]) -> T | None:
        return await persistently(self.stage, part, attempt, self._stopping, self._health)

    async def _know_symbols(self) -> bool:
        """False if told to stop meanwhile."""
        asked = await self._persistently("kafka", self._changes.read)
        return bool(asked and await self._persistently("symbols", self._resolve))

    async def _resolve(self) -> bool:
        if missing := await self._changes.resolve():
            raise self._not_listed(missing)
        return True

    def _not_listed(self, missing: Collection[str]) -> UserError:
        return UserError(
            f"{self._name} does not list {', '.join(sorted(missing))}; correct {self._venue.section}.symbols, such as AAPL or EUR-USD"
        )

    async def _make_asker(self) -> Asker:
        settings, source, symbols = self._settings, self._venue.source, self._changes.symbols
        published = await self._output.read_published(source, symbols, True)
        history_bars = settings.process.history_bars
        wanted = [(one, timeframe.value) for one in symbols for timeframe in self._timeframes()]
        sent = await self._output.sent_bars(source, wanted, history_bars)
        shard = self._changes.shard
        self._publisher = EventPublisher(
            self._output.publisher(),
            source,
            self.stage,
            settings.kafka.partitions,
            trade_ids_contiguous=False,
            kill_points=KillPoints(shard.named(f"ingest-{self._name}"), settings.faults.kill_at, settings.data_dir / "run"),
            own=shard.own,
        )
        self._publisher.priority = self._changes.priority
        self._publisher.set_backlog(settings.ingest.flush_ticks, 0)
        return Asker(self._venue, self._publisher, self._clock, published, sent, BarQuestions(self._venue, sent, history_bars))

    def _timeframes(self) -> tuple[Timeframe, ...]:
        return self._venue.settings.timeframes

    async def _ask_on(self, asker: Asker) -> None:
        self._follower = SymbolFollower(self._changes, self._publisher, partial(self._apply, asker))
        self._questions.set_symbols(self._changes.symbols)
        self._helpers.start((lambda: wake_regularly(self._wake, TURN_S), lambda: self._kafka.run(self._publisher), self._follower.run))
        try:
            while not self._stopping.is_set():
                await self._wake.wait()
                self._wake.clear()
                self._helpers.check()
                self._health.tick()
                await self._relieve()
                self._reap(asker)
                self._follower.make_change()
                self._give_signs(asker)
                self._questions.begin(asker)
            await self._end(asker)
        finally:
            self._questions.cancel()
            self._helpers.cancel()

    def _give_signs(self, asker: Asker) -> None:
        """Of life, while nothing is asked too; before the first question, so that its bars find decided whose they are."""
        now_ns = self._clock.now_ns()
        if now_ns - self._offered_ns >= OFFER_S * SECOND_NS:
            self._offered_ns = now_ns
            asker.offer(self._changes.symbols)
        if (
            self._changes.symbols or self._changes.empty
        ) and now_ns - self._marked_ns >= self._settings.ingest.watermark_interval_s * SECOND_NS:
            self._marked_ns = now_ns
            asker.watermark(self._changes.symbols)

    async def _relieve(self) -> None:
        """The broker does not keep up: nothing more is asked until it does."""
        self._publisher.poll()
        while self._publisher.congested() and not self._stopping.is_set():
            self._health.tick()
            await asyncio.sleep(_CONGESTED_WAIT_S)
            self._publisher.poll()

    def _reap(self, asker: Asker) -> None:
        """Raises what ended a question."""
        self._questions.reap()
        nothing = asker.unlisted and not asker.answered and asker.unlisted >= self._changes.symbols
        if nothing and self._changes.shard.whole:  # else the symbols of other processes may be listed
            raise self._not_listed(asker.unlisted)

    async def _end(self, asker: Asker) -> None:
        await self._questions.end()
        asker.watermark(self._changes.symbols)
        await asyncio.to_thread(self._publisher.close)

    def _apply(self, asker: Asker, change: Change) -> None:
        self._offered_ns = 0
        asker.learn(change.published)
        asker.forget(change.gone)
        self._questions.set_symbols(self._changes.symbols)

    def _check_data(self) -> str:
        answered_s = self._asker.answered_s if self._asker else None
        if self._changes.idle:
            return ""
        return "" if answered_s is not None else "no answer yet"

    def _check_symbols(self) -> str:
        return f"not listed: {', '.join(sorted(self._asker.unlisted)[:5])}" if self._asker and self._asker.unlisted else ""
