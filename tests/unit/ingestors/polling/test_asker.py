"""What becomes of a question: when it is asked again, what stays known of a symbol, what an answer is that cannot be counted with."""

from collections.abc import Sequence
from typing import Any

import pytest

from ingestors.currencylayer.parse import rate_of
from ingestors.polling.answers import BadAnswer, reading
from ingestors.polling.asker import Asker
from ingestors.polling.bar_questions import BarQuestions
from ingestors.polling.rows import Row
from ingestors.polling.sent_bars import SentBars
from ingestors.polling.timetable import Job
from ingestors.polling.venue import PollVenue, Tick
from ingestors.publisher import EventPublisher
from ingestors.rest import Unlisted
from ingestors.resume import Published
from ingestors.yahoo.parse import rows
from runtime.clock import ManualClock
from runtime.errors import TransientError
from runtime.faults import KillPoints
from runtime.settings.providers.polled import PollSettings
from schemas.ticks import Quote
from schemas.timeframes import DAY_NS, SECOND_NS, Timeframe
from tests.memory_output import MemoryOutput

START_NS = 1_704_898_800 * SECOND_NS


class Venue(PollVenue):
    """Answers for some of the symbols, or says that it does not have them."""

    name = "polled"
    section = "providers.polled"
    symbols_per_call = 10
    timeframes = (Timeframe.D1,)

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(PollSettings(source="polled", symbols=("BTC-USD",)), clock)
        self.answers: set[str] = set()
        self.unlisted = False
        self.calls = 0
        self.ahead_ns = 0

    def name_of(self, symbol: str) -> str:
        return symbol

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        raise TransientError("not now")

    async def ticks(self, symbols: Sequence[str]) -> list[Tick]:
        self.calls += 1
        if self.unlisted:
            raise Unlisted("no such symbol")
        now_ns = self.clock.now_ns()
        at_ns = now_ns + self.ahead_ns
        return [Quote(symbol, "1", "0", "2", "0", at_ns, now_ns, at_ns) for symbol in symbols if symbol in self.answers]


def asker_of(venue: Venue, clock: ManualClock, output: Any = None) -> Asker:
    output = output or MemoryOutput()
    publisher = EventPublisher(output, "polled", "ingest.polled", 4, trade_ids_contiguous=False, kill_points=KillPoints("ingest-polled"))
    sent = SentBars(64)
    return Asker(venue, publisher, clock, Published(by_time=True), sent, BarQuestions(venue, sent, 64))


async def test_a_symbol_that_stays_silent_does_not_have_the_others_asked_for_at_every_turn() -> None:
    clock = ManualClock(START_NS)
    venue, job = Venue(clock), Job(("BTC-USD", "ETH-USD"), None, START_NS)
    venue.answers = {"BTC-USD"}
    asker = asker_of(venue, clock)
    while clock.now_ns() < START_NS + 3_600 * SECOND_NS:
        clock.set_ns(max(clock.now_ns(), job.due_ns))
        await asker.ask(job)
    assert 60 <= venue.calls <= 150  # the interval is a minute; a question a second would use up the day's budget of all symbols
    venue.answers = {"BTC-USD", "ETH-USD"}
    await asker.ask(job)
    assert job.backoff.attempts == 0


async def test_a_symbol_that_is_listed_later_is_listed() -> None:
    clock = ManualClock(START_NS)
    venue, job = Venue(clock), Job(("BTC-USD",), None, START_NS)
    venue.answers, venue.unlisted = {"BTC-USD"}, True
    asker = asker_of(venue, clock)
    await asker.ask(job)
    assert asker.unlisted == {"BTC-USD"}
    venue.unlisted = False
    await asker.ask(job)
    assert asker.unlisted == set()


async def test_a_few_symbols_that_stay_unanswered_do_not_take_the_provider_from_the_others() -> None:
    clock, output = ManualClock(START_NS), MemoryOutput()
    asker, bad = asker_of(Venue(clock), clock, output), ("A-USD", "B-USD", "C-USD")
    jobs = [Job((symbol,), Timeframe.D1, START_NS) for symbol in bad]
    for _ in range(2):
        for job in jobs:
            await asker.ask(job)
        clock.advance_s(200)
    asker.offer({*bad, "BTC-USD"})
    offers = output.offers
    assert {symbol for offer in offers for symbol in offer.symbols} == {"BTC-USD"}
    assert all(offer.ts_event_ns == offer.ts_ingest_ns for offer in offers)


async def test_a_quote_from_the_far_future_does_not_silence_those_that_follow() -> None:
    clock, output = ManualClock(START_NS), MemoryOutput()
    venue, job = Venue(clock), Job(("BTC-USD",), None, START_NS)
    venue.answers, venue.ahead_ns = {"BTC-USD"}, 365 * DAY_NS
    await asker_of(venue, clock, output).ask(job)
    venue.ahead_ns = 0
    published = await output.read_published("polled", ["BTC-USD"], True)
    assert published.quotes == {}  # neither after a restart
    asker = asker_of(venue, clock, output)
    for _ in range(2):
        clock.advance_s(60)
        await asker.ask(job)
    assert [tick.ts_event_ns - START_NS for tick in output.ticks] == [365 * DAY_NS, 60 * SECOND_NS, 120 * SECOND_NS]


def test_numbers_that_cannot_be_divided_are_a_bad_answer_and_no_end_of_the_process() -> None:
    with pytest.raises(BadAnswer, match="invalid_field"), reading(b""):
        rate_of("EUR-GBP", {"USDEUR": "0", "USDGBP": "1"})
    chart = (
        b'{"chart":{"result":[{"meta":{"symbol":"AAPL"},"timestamp":[1704898800],"indicators":{"quote":[{"open":[1],"high":[1],"low":[1],"close":[1]}]},'
        b'"events":{"splits":{"1":{"date":1704898800,"numerator":4,"denominator":0}}}}]}}'
    )
    with pytest.raises(BadAnswer, match="DivisionByZero"), reading(chart):
        rows(chart, "1d")
