"""One event after the other: what is missing before it is found, event time moves with it, and it is published in its place.

Every tick of a source passes here: what is done once a tick is written out, not called.
"""

from collections import Counter

from ingestors.books.desk import BookDesk
from ingestors.gap_fill import Continuity, Hole, is_far_ahead
from ingestors.publisher import EventPublisher
from ingestors.recovery import Recovery
from ingestors.resume import Published
from ingestors.venue_pace import VenuePace
from ingestors.watermarks import Watermarks
from runtime.clock import Clock
from schemas.bars import Bar
from schemas.books import BookDifference
from schemas.ticks import Quote, Trade


class Flow:
    """The three series of one source, and its event time. Nothing here waits but `fill`.

    counted: events by what became of them, since they were taken last.
    """

    def __init__(
        self,
        source: str,
        publisher: EventPublisher,
        books: BookDesk,
        recovery: Recovery,
        watermarks: Watermarks,
        pace: VenuePace,
        clock: Clock,
        published: Published,
        quotes_numbered: bool = True,
    ) -> None:
        self._source = source
        self._publisher = publisher
        self._desk = books
        self._recovery = recovery
        self._watermarks = watermarks
        self._pace = pace
        self._clock = clock
        self.trades = Continuity("trade", not published.by_time, published.trades, by_time=published.by_time)
        self.quotes = Continuity("quote", False, published.quotes, by_time=not quotes_numbered)
        self.books = Continuity("book", True, published.books)
        self.counted: Counter[str] = Counter()

    def quote(self, quote: Quote, received_ns: int) -> None:
        """Publishes it."""
        quotes = self.quotes
        if self._watermarks.due(quote.ts_ingest_ns):
            self._watermark_if_sure(received_ns)
        if quotes.unsure:
            hole = quotes.missing_before(quote.symbol, quote.update_id, quote.ts_event_ns)
            self.tell_hole(hole, quote.ts_ingest_ns, received_ns)
        if quotes.catching_up and quotes.repeats(quote.symbol, quote.update_id):
            self.counted["repeated"] += 1
            return
        quotes.passed(quote.symbol, quote.update_id, quote.ts_event_ns)
        self._publisher.tick(quote, received_ns)
        self.counted["quote"] += 1

    def trade(self, trade: Trade, received_ns: int) -> Hole | None:
        """Publishes it; or gives the hole before it, which `fill` takes with the trade: then it is not published yet."""
        trades = self.trades
        if trades.by_time:
            return self._unnumbered(trade, received_ns)
        number = int(trade.trade_id)
        if not trades.follows(trade.symbol, number, trade.ts_event_ns):
            if trades.catching_up and trades.repeats(trade.symbol, number):
                self.counted["repeated"] += 1
                return None
            if hole := trades.missing_before(trade.symbol, number, trade.ts_event_ns):
                return hole
            trades.passed(trade.symbol, number, trade.ts_event_ns)
        self._publish(trade, received_ns)
        return None

    def _unnumbered(self, trade: Trade, received_ns: int) -> Hole | None:
        """The same where event times stand for numbers."""
        if self._repeats(trade):
            self.counted["repeated"] += 1
            return None
        if is_far_ahead(trade):
            self._publish(trade, received_ns)
            return None
        self._recovery.passed(trade)
        if hole := self.trades.missing_before(trade.symbol, trade.ts_event_ns, trade.ts_event_ns):
            return hole
        self._pass_on(trade, received_ns)
        return None

    def _number(self, trade: Trade) -> int:
        return trade.ts_event_ns if self.trades.by_time else int(trade.trade_id)

    async def fill(self, hole: Hole, trade: Trade, received_ns: int) -> None:
        """Waits for what is missing before the trade, then publishes it."""
        await self._recovery.fill(hole, trade.ts_ingest_ns, received_ns)
        if self.trades.by_time:
            self._recovery.passed(trade)  # once more, as the newest: a large hole's trades have taken its place
        self._pass_on(trade, received_ns)

    def _pass_on(self, trade: Trade, received_ns: int) -> None:
        self.trades.passed(trade.symbol, self._number(trade), trade.ts_event_ns)
        self._publish(trade, received_ns)

    def _publish(self, trade: Trade, received_ns: int) -> None:
        watermarks = self._watermarks
        if watermarks.due(trade.ts_ingest_ns):
            self._watermark_if_sure(received_ns)
        watermarks.see(trade.ts_event_ns)
        self._publisher.tick(trade, received_ns)
        self.counted["trade"] += 1

    def _repeats(self, trade: Trade) -> bool:
        """Of a venue that does not number trades: it came over the connection before this one, or was fetched."""
        trades = self.trades
        if trades.catching_up:
            trades.repeats(trade.symbol, trade.ts_event_ns)  # ends it; an instant may hold several trades, so their ids decide
            if self._recovery.was_passed(trade):
                return True
        return not is_far_ahead(trade) and self._recovery.was_filled(trade)

    def bar(self, bar: Bar, received_ns: int) -> None:
        self.move_clock(bar.known_at_ns, received_ns)
        self._publisher.bar(bar, received_ns)
        self.counted["bar"] += 1

    def book(self, book: BookDifference, received_ns: int) -> None:
        if book.last_update_id:
            if self.books.catching_up and self.books.repeats(book.symbol, book.last_update_id, book.ts_event_ns):
                self.counted["repeated"] += 1
                return
            whole = book.snapshot and book.symbol not in self.books.unsure  # nothing before it is missed
            hole = None if whole else self.books.missing_before(book.symbol, book.first_update_id, book.ts_event_ns)
            self.move_clock(book.ts_ingest_ns, received_ns)
            self.tell_hole(hole, book.ts_ingest_ns, received_ns)
            self.books.passed(book.symbol, book.last_update_id, book.ts_event_ns)
        else:
            self.move_clock(book.ts_ingest_ns, received_ns)
        self._watermarks.see(book.ts_event_ns)
        self._publisher.book(book, received_ns)
        self._desk.hear(book, received_ns)
        self.counted["book"] += 1

    def move_clock(self, ingest_ns: int, received_ns: int) -> None:
        """Event by event, so that the same frames always give the same watermarks at the same places."""
        if self._watermarks.due(ingest_ns):
            self._watermark_if_sure(received_ns)

    def _watermark_if_sure(self, received_ns: int) -> None:
        if self._pace.failing or not self.trades.unsure:
            self.write_watermark(received_ns)

    def write_watermark(self, received_ns: int) -> None:
        """The ticks so far, then how far event time has come. Does nothing before the first event."""
        if self._watermarks.now_ns and (value_ns := self._watermarks.value()):
            self._publisher.watermark(value_ns, self._watermarks.now_ns, received_ns)

    def now_ns(self) -> int:
        """The ingest clock, also before the first event."""
        return self._watermarks.now_ns or self._clock.now_ns()

    def tell_hole(self, hole: Hole | None, ingest_ns: int, received_ns: int) -> None:
        """As one that nothing fills."""
        if hole:
            self._publisher.gaps([hole.gap(self._source, "unfillable", 0, ingest_ns)], received_ns)
