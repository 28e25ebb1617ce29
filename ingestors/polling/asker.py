"""One question after the other, and what becomes of its answer: events, gaps, dead letters, and when to ask again."""

from collections.abc import Collection

from ingestors.gap_fill import is_far_ahead
from ingestors.polling.answers import BadAnswer
from ingestors.polling.bar_questions import BarQuestions
from ingestors.polling.event_time import EventTime
from ingestors.polling.outages import Asked, Outages
from ingestors.polling.presence import Presence
from ingestors.polling.sent_bars import SentBars
from ingestors.polling.timetable import Job, next_bar_ns, next_ticks_ns, open_symbols
from ingestors.polling.venue import PollVenue, Tick
from ingestors.publisher import EventPublisher
from ingestors.rest import Unlisted
from ingestors.resume import Published
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import TransientError, UserError
from runtime.logs import get_logger
from schemas.gaps import Gap, GapChannel
from schemas.ticks import Quote
from schemas.timeframes import HOUR_NS, SECOND_NS, Timeframe

_UNLISTED_AGAIN_NS = HOUR_NS  # a symbol may be listed later; until then it costs no calls
_REFUSED_AGAIN_NS = 60 * SECOND_NS
_MOST_LETTER_BYTES = 262_144  # of an answer that cannot be read
log = get_logger()


class Asker:
    """published, sent: what was published before this start. answered: any question was, since the start. unlisted: symbols that the provider does not have."""

    def __init__(
        self, venue: PollVenue, publisher: EventPublisher, clock: Clock, published: Published, sent: SentBars, questions: BarQuestions
    ) -> None:
        self._venue = venue
        self._settings = venue.settings
        self._source = venue.source
        self._publisher = publisher
        self._clock = clock
        self._sent, self._questions = sent, questions
        self._known: dict[tuple[str, GapChannel], int] = {}
        self.learn(published)
        self._outages = Outages(self._source, round(self._settings.gap_after_s * SECOND_NS), published.gaps.values())
        self._event_time = EventTime(round(self._settings.ticks_delay_s * SECOND_NS))
        self._presence = Presence()
        self._data_time = metrics.DATA_TIME.labels(self._source)
        self._connected = metrics.CONNECTED.labels(self._source)
        self._answers = {kind: metrics.FRAMES.labels(self._source, kind) for kind in ("ticks", "bars")}
        self.answered = False
        self.answered_s: float | None = None
        self.unlisted: set[str] = set()

    def learn(self, published: Published) -> None:
        """What is known of more symbols."""
        self._known |= {(symbol, "trade"): known.ts_event_ns for symbol, known in published.trades.items()}
        self._known |= {(symbol, "quote"): known.ts_event_ns for symbol, known in published.quotes.items()}

    def forget(self, symbols: Collection[str]) -> None:
        """They are not asked for any more."""
        self._outages.forget(symbols)
        self._event_time.forget(symbols)
        self.unlisted -= set(symbols)

    async def ask(self, job: Job) -> None:
        """Asks, publishes, and sets when the job is due again. Raises UserError where nothing was ever answered and nothing can be: a wrong key."""
        try:
            told = await (self._ask_ticks(job) if job.timeframe is None else self._ask_bars(job, job.timeframe))
        except Unlisted as error:
            self._is_unlisted(job, error)
        except UserError as error:
            if not self.answered:
                raise
            log.error("provider_refuses", error=str(error))
            self._failed(job, job.symbols, _REFUSED_AGAIN_NS)
        except TransientError as error:
            self._told_error(job, error)
        else:
            if told:
                self._is_answered(job)
        self._publisher.poll()

    def _is_answered(self, job: Job) -> None:
        self._presence.answered()
        self.unlisted -= set(job.symbols) if len(job.symbols) == 1 else set()
        self.answered, self.answered_s = True, self._clock.monotonic_s()
        self._connected.set(1)

    def watermark(self, symbols: Collection[str]) -> None:
        """Writes how far event time has come, if it has. symbols: all that are asked for."""
        if not self._venue.symbols_per_call:
            return
        now_ns = self._clock.now_ns()
        failing = {asked.symbol for asked in self._outages.open()} | self.unlisted
        waiting = filter(self._venue.has_ticks, open_symbols(symbols, now_ns))
        reached_ns = self._event_time.reached([one for one in waiting if one not in failing], now_ns)
        if reached_ns is not None:
            self._publisher.watermark(reached_ns, now_ns, now_ns)

    def offer(self, symbols: Collection[str]) -> None:
        """Says whose bars come from here: not those that are not answered for so long that it is told as a gap, nor any while the provider is away. Of that
        the former say nothing any more: a few that it never answers would else take it from all others."""
        if not self._settings.timeframes:
            return
        now_ns = self._clock.now_ns()
        failing = {asked.symbol for asked in self._outages.open() if asked.timeframe} | self.unlisted
        offered, timeframes = set(symbols) - failing, tuple(timeframe.value for timeframe in self._settings.timeframes)
        self._publisher.bar_offers(offered, timeframes, self._presence.heard_ns(offered or symbols, now_ns), now_ns)

    def problem(self) -> str:
        """For /ready."""
        failing = [f"{asked.symbol} {asked.timeframe or asked.channel}" for asked in self._outages.open()]
        return f"no answer for {', '.join(sorted(failing)[:5])}" if failing else ""

    async def _ask_ticks(self, job: Job) -> bool:
        """Whether anything came."""
        asked_ns = self._clock.now_ns()
        wanted = open_symbols(job.symbols, asked_ns)
        job.due_ns = next_ticks_ns(job.symbols, asked_ns, round(self._settings.poll_interval_s * SECOND_NS))
        if not wanted:
            return False
        ticks = await self._venue.ticks(wanted)
        self._answers["ticks"].inc()
        for tick in ticks:
            self._publish(tick)
        self._publisher.flush()
        came = {tick.symbol for tick in ticks}
        for symbol in came:
            self._event_time.answered(symbol, asked_ns)
            self._tell(self._outages.answered(Asked(symbol, "quote"), asked_ns, 0))
        if silent := [symbol for symbol in wanted if symbol not in came]:
            log.warning("empty_answer", symbols=silent)
            self._failed(job, silent)
        else:  # one that stays silent must not have the others asked for at every turn
            job.backoff.reset()
        return bool(came)

    def _publish(self, tick: Tick) -> None:
        """Unless it was published before: a provider repeats its newest state until there is a newer one."""
        key: tuple[str, GapChannel] = (tick.symbol, "quote" if isinstance(tick, Quote) else "trade")
        if tick.ts_event_ns <= self._known.get(key, 0):
            return
        if not is_far_ahead(tick):
            self._known[key] = tick.ts_event_ns
        self._publisher.tick(tick, tick.ts_ingest_ns)
        self._data_time.set(tick.ts_event_ns / SECOND_NS)

    async def _ask_bars(self, job: Job, timeframe: Timeframe) -> bool:
        (symbol,), now_ns = job.symbols, self._clock.now_ns()
        job.due_ns = next_bar_ns(symbol, timeframe, now_ns, round(self._settings.bars_delay_s * SECOND_NS))
        bars = await self._questions.ask(symbol, timeframe, now_ns)
        job.backoff.reset()
        self._answers["bars"].inc()
        for bar in bars:
            self._publisher.bar(bar, bar.known_at_ns)
            self._sent.take(bar)
        self._tell(self._outages.answered(Asked(symbol, "bar", timeframe.value), now_ns, sum(not bar.again for bar in bars)))
        return True

    def _told_error(self, job: Job, error: TransientError) -> None:
        now_ns = self._clock.now_ns()
        log.warning("not_answered", symbols=list(job.symbols), timeframe=job.timeframe, error=str(error)[:500])
        if isinstance(error, BadAnswer):
            self._publisher.refuse(error.body[:_MOST_LETTER_BYTES], error.reason, error.detail, now_ns, now_ns)
        self._failed(job, job.symbols if job.timeframe else open_symbols(job.symbols, now_ns))

    def _is_unlisted(self, job: Job, error: Unlisted) -> None:
        if len(job.symbols) > 1:
            job.split = True
            return
        log.error("symbols_not_listed", source=self._source, symbols=list(job.symbols), error=str(error)[:500])
        self.unlisted |= set(job.symbols)
        job.due_ns = self._clock.now_ns() + _UNLISTED_AGAIN_NS

    def _failed(self, job: Job, symbols: Collection[str], again_ns: int = 0) -> None:
        now_ns = self._clock.now_ns()
        self._connected.set(0)
        self._presence.failed(symbols, now_ns)
        if again_ns:
            job.due_ns = now_ns + again_ns
        else:  # sooner than it would be asked again anyway
            soon_ns = now_ns + round(job.backoff.next_s() * SECOND_NS)
            job.due_ns = min(job.due_ns, soon_ns) if job.due_ns > now_ns else soon_ns
        for symbol in symbols:
            asked = Asked(symbol, "bar", job.timeframe.value) if job.timeframe else Asked(symbol, "quote")
            self._tell(self._outages.failed(asked, now_ns))

    def _tell(self, gap: Gap | None) -> None:
        if gap is not None:
            self._publisher.gaps([gap], self._clock.now_ns())
