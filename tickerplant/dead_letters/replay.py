"""Sends dead letters through the line again: what was refused before its cause was mended. A second replay changes nothing, as `validate` knows the trades that it has let through."""

from collections.abc import Iterable

from ingestors.names import Names
from ingestors.publisher import EventPublisher
from ingestors.registry import provider_of
from ingestors.session import Session
from ingestors.venue import Venue, venue_of
from runtime.clock import Clock
from runtime.errors import InvalidRecord, UserError
from runtime.faults import KillPoints
from runtime.kafka import Publisher
from runtime.settings import Settings
from schemas.ticks import Trade
from schemas.topics import Topic
from tickerplant.dead_letters.reader import StoredLetter
from tickerplant.dead_letters.remedy import Again, Frame, LeftOut, Record, late, remedy_of
from tickerplant.dead_letters.replayed import Replayed

STAGE = "dlq-replay"


class Sender:
    """Delivers what a letter becomes. publisher: None only counts. Methods of the venues may ask the provider for its symbols."""

    def __init__(self, settings: Settings, publisher: Publisher | None, clock: Clock) -> None:
        self._settings = settings
        self._publisher = publisher
        self._clock = clock
        self._feeds: dict[tuple[str, bool], EventPublisher] = {}
        self._venues: dict[str, tuple[Venue, Session] | str] = {}

    async def send(self, letters: Iterable[StoredLetter]) -> Replayed:
        """All of them, in their order; returns when they are delivered. Raises TransientError or FatalError if they cannot be."""
        done = Replayed()
        try:
            for stored in letters:
                done.letters += 1
                await self._one(stored, done)
            if self._publisher is not None:
                for feed in self._feeds.values():
                    feed.flush()
                self._publisher.flush()
        finally:
            for known in self._venues.values():
                if not isinstance(known, str):
                    await known[0].close()
        return done

    async def _one(self, stored: StoredLetter, done: Replayed) -> None:
        remedy = remedy_of(stored)
        if isinstance(remedy, LeftOut):
            done.left_out[remedy.why] += 1
        elif isinstance(remedy, Record):
            self._resend(remedy, done)
        elif isinstance(remedy, Again):
            self._trade(remedy, done)
        else:
            await self._frame(remedy, done)

    def _resend(self, record: Record, done: Replayed) -> None:
        if self._publisher is not None:
            self._publisher.send(record.topic, record.partition, record.value, None, record.headers)
        done.sent[record.topic] += 1

    def _trade(self, again: Again, done: Replayed) -> None:
        if self._publisher is not None:
            self._feed(again.source, again.contiguous, self._publisher).tick(again.trade, self._clock.now_ns())
        done.sent[Topic.TICKS_RAW] += 1

    async def _frame(self, frame: Frame, done: Replayed) -> None:
        known = self._venues.get(frame.provider) or await self._open(frame.provider)
        if isinstance(known, str):
            done.left_out[known] += 1
            return
        venue, session = known
        try:
            events = session.parse(frame.payload, frame.ts_ns)
        except InvalidRecord as error:
            done.left_out[f"the parser refuses the frame still ({error.reason})"] += 1
            return
        trades = [event for event in (events if isinstance(events, list) else [events]) if isinstance(event, Trade)]
        for trade in trades:
            self._trade(Again(late(trade), frame.source, venue.trade_ids_contiguous), done)
        if not trades:
            done.left_out["a frame without trades: what it told has been told anew"] += 1

    async def _open(self, provider: str) -> tuple[Venue, Session] | str:
        """The provider's parser for the symbols of the settings, or why there is none."""
        known: tuple[Venue, Session] | str
        try:
            if provider_of(provider).transport != "stream":
                raise UserError("its ingestor asks again for what it could not read")
            venue = venue_of(provider, self._settings)
            known = venue, venue.session(Names(await venue.resolve(venue.settings.symbols)))
        except UserError as error:
            known = f"a frame of {provider}: {error}"
        self._venues[provider] = known
        return known

    def _feed(self, source: str, contiguous: bool, publisher: Publisher) -> EventPublisher:
        key = (source, contiguous)
        if key not in self._feeds:
            kill_points = KillPoints(STAGE, self._settings.faults.kill_at, self._settings.data_dir / "run")
            partitions = self._settings.kafka.partitions
            self._feeds[key] = EventPublisher(
                publisher, source, STAGE, partitions, trade_ids_contiguous=contiguous, kill_points=kill_points
            )
        return self._feeds[key]
