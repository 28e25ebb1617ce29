"""What validate remembers of one (symbol, source), and what one tick does to it."""

from msgspec import Struct, field

from processors.validate import gaps as holes
from processors.validate.gaps import OpenGap
from processors.validate.ids import SeenIds
from processors.validate.limits import Limits
from processors.validate.quality import LATE_NS, Reasons, oddities, quote_oddities, score_of
from processors.validate.reading import Numbers
from processors.validate.rules import MAX_ID
from processors.validate.tally import Tally
from processors.validate.usual import Usual
from processors.validate.usual_quotes import EVERY, UsualQuotes
from schemas.gaps import Gap, GapCause
from schemas.quality import QualityRecord
from schemas.ticks import Quote, Trade

MAX_DEAD_IDS = 256


class TickSeries(Struct, array_like=True):
    """seq: of the last tick passed on. newest_id: largest integer trade id (-1: none), newest_id_ns its event time; newest_event_ns: largest
    event time of a trade, newest_price the price of the last such; newest_update_id: of the last quote (-1: none). gaps: open holes, sorted by id.
    latencies: of the last ticks, not yet in the tally; tally: what came since the last record of market.quality; usual, usual_quotes: what prices and sizes are.
    newest_quote_ns: event time of the last quote; silent_from_ns: event time of the last tick before the silence that is open, 0 if none is.
    dead_ids: of dead-lettered trades, newer than the newest one. eligible: it may become the symbol's primary source; primary: it is; primary_epoch: how
    often that has changed."""

    seen: SeenIds
    gaps: list[OpenGap]
    seq: int = 0
    newest_id: int = -1
    newest_id_ns: int = 0
    newest_event_ns: int = 0
    newest_update_id: int = -1
    latencies: list[int] = []
    tally: Tally = field(default_factory=Tally)
    usual: Usual = field(default_factory=Usual)
    newest_price: float = 0.0
    newest_quote_ns: int = 0
    silent_from_ns: int = 0
    dead_ids: list[int] = []
    eligible: bool = True
    primary: bool = True
    primary_epoch: int = 0
    usual_quotes: UsualQuotes = field(default_factory=UsualQuotes)

    def take_trade(self, trade: Trade, numbers: Numbers, source: str, contiguous: bool, limits: Limits) -> list[Gap] | None:
        """Numbers and scores a trade in place, numbers being its price and size; the gap events it causes, or None for a duplicate, which changes nothing but its count."""
        trade_id = trade.trade_id
        newest_id = self.newest_id
        if not self.seen.add(trade_id):
            self.tally.duplicate += 1
            return None
        events: list[Gap] = []
        follows_hole = False
        if contiguous and type(trade_id) is int and trade_id != newest_id + 1 and newest_id >= 0:
            follows_hole = trade_id > newest_id
            events = self._holes(trade, source, follows_hole)
        self._mark(trade, numbers, follows_hole, limits)
        if type(trade_id) is int and trade_id > newest_id:
            self.newest_id = trade_id
            self.newest_id_ns = trade.ts_event_ns
        return events

    def _holes(self, trade: Trade, source: str, follows_hole: bool) -> list[Gap]:
        if follows_hole:
            events = holes.open_gap(self.gaps, trade, source, self.newest_id, self.newest_id_ns, self._cause(trade))
        else:
            events = holes.fill_gap(self.gaps, trade, source)
        return events + holes.give_up_below(self.gaps, self.seen.given_up, trade, source)

    def _cause(self, trade: Trade) -> GapCause:
        """Of the hole before this trade: `dead_letter` if every trade in it was refused."""
        assert isinstance(trade.trade_id, int)
        dead = sum(self.newest_id < trade_id < trade.trade_id for trade_id in self.dead_ids)
        self.dead_ids = [trade_id for trade_id in self.dead_ids if trade_id > trade.trade_id]
        return "dead_letter" if dead == trade.trade_id - self.newest_id - 1 else "sequence"

    def _mark(self, trade: Trade, numbers: Numbers, follows_hole: bool, limits: Limits) -> None:
        """The usual trade must cost little: one condition says that nothing is odd about it."""
        ts_event_ns, newest_event_ns, usual = trade.ts_event_ns, self.newest_event_ns, self.usual
        latency_ns = trade.ts_ingest_ns - ts_event_ns
        price, size = numbers
        self.latencies.append(latency_ns)
        self.seq = trade.seq = self.seq + 1
        trade.reasons, trade.quality = (), 1.0
        in_order = ts_event_ns >= newest_event_ns and latency_ns <= LATE_NS and not (follows_hole or trade.filled)
        if not (in_order and usual.low <= price <= usual.high and size <= usual.large):
            self._score(trade, self._oddities(trade, price, size, follows_hole))
        if ts_event_ns >= newest_event_ns:
            self.newest_event_ns, self.newest_price = ts_event_ns, price
        if not trade.filled:
            usual.prices.append(price)
            usual.sizes.append(size)
            if len(usual.sizes) >= limits.anomaly_window:
                usual.close(limits, self.newest_event_ns)

    def _oddities(self, trade: Trade, price: float, size: float, follows_hole: bool) -> Reasons:
        usual, judged = self.usual, not trade.filled
        jumps = judged and not usual.low <= price <= usual.high and usual.is_jump(price)
        return oddities(trade, self.newest_event_ns, follows_hole, jumps, judged and size > usual.large)

    def take_quote(self, quote: Quote, numbers: Numbers, limits: Limits) -> bool:
        """Numbers and scores a quote in place, numbers being its bid, ask and their sizes; False for one that is not newer than the last, which changes nothing but its count."""
        if quote.update_id <= self.newest_update_id:
            self.tally.duplicate += 1
            return False
        self.newest_update_id = quote.update_id
        self.newest_quote_ns = ts_event_ns = quote.ts_event_ns
        latency_ns = quote.ts_ingest_ns - ts_event_ns
        self.latencies.append(latency_ns)
        self.seq = quote.seq = self.seq + 1
        quote.reasons, quote.quality = (), 1.0
        (bid, ask, bid_size, ask_size), usual, counts = numbers, self.usual_quotes, not self.seq % EVERY
        size = max(bid_size, ask_size) if counts else 0.0
        if not (usual.least <= bid < ask <= usual.most and size <= usual.large and latency_ns <= LATE_NS):
            jumps, wide = usual.judge(bid, ask)
            self._score(quote, quote_oddities(quote, limits, jumps, wide, size > usual.large))
        elif usual.outside:
            usual.outside = []
        if counts:
            usual.count(bid, ask, size, limits)
        return True

    def _score(self, tick: Trade | Quote, reasons: Reasons) -> None:
        """What is left of the score of a tick that is odd."""
        if reasons:
            tick.reasons, tick.quality = reasons, score_of(reasons)
            self.tally.odd(reasons, tick.quality)

    @property
    def heard_ns(self) -> int:
        """Event time of the newest tick."""
        return max(self.newest_event_ns, self.newest_quote_ns)

    def lose(self, trade: Trade) -> None:
        """A trade of a venue that counts was refused: until it comes in good form its id is a hole."""
        trade_id = trade.trade_id
        if isinstance(trade_id, int) and self.newest_id < trade_id <= MAX_ID and trade_id not in self.dead_ids:
            self.dead_ids = [*self.dead_ids, trade_id][-MAX_DEAD_IDS:]

    def fold(self) -> None:
        """What waits goes into the tally."""
        self.tally.latencies.fold(self.latencies)
        self.latencies.clear()

    def has_news(self) -> bool:
        """In the window that is open: ticks, good ones or others, or a gap."""
        return not self.tally.is_empty(self.seq)

    def end_window(self, symbol: str, source: str, window: tuple[int, int]) -> QualityRecord:
        """The window's record; counts begin anew."""
        self.fold()
        record = self.tally.record(symbol, source, self.seq, *window)
        record.primary, record.primary_epoch = self.primary, self.primary_epoch
        self.tally = Tally(seq_before=self.seq)
        return record
