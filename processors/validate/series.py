"""What validate remembers of one (symbol, source), and what one tick does to it."""

from msgspec import Struct, field

from processors.validate import gaps as holes
from processors.validate.gaps import OpenGap
from processors.validate.ids import SeenIds
from processors.validate.latencies import MAX_WAITING
from processors.validate.quality import Reasons, oddities, quote_oddities, score_of
from processors.validate.tally import Tally
from schemas.gaps import Gap
from schemas.quality import QualityRecord
from schemas.ticks import Quote, Trade


class TickSeries(Struct, array_like=True):
    """seq: of the last tick passed on. newest_id: largest integer trade id (-1: none), newest_id_ns its event time; newest_event_ns: largest
    event time of a trade; newest_update_id: of the last quote (-1: none). gaps: open holes, sorted by id. latencies: of the last ticks, not yet in
    the tally; tally: what came since the last record of market.quality."""

    seen: SeenIds
    gaps: list[OpenGap]
    seq: int = 0
    newest_id: int = -1
    newest_id_ns: int = 0
    newest_event_ns: int = 0
    newest_update_id: int = -1
    latencies: list[int] = []
    tally: Tally = field(default_factory=Tally)

    def take_trade(self, trade: Trade, source: str, contiguous: bool) -> list[Gap] | None:
        """Numbers and scores a trade in place; the gap events it causes, or None for a duplicate, which changes nothing."""
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
        self._mark(trade, follows_hole)
        if type(trade_id) is int and trade_id > newest_id:
            self.newest_id = trade_id
            self.newest_id_ns = trade.ts_event_ns
        return events

    def _holes(self, trade: Trade, source: str, follows_hole: bool) -> list[Gap]:
        if follows_hole:
            events = holes.open_gap(self.gaps, trade, source, self.newest_id, self.newest_id_ns)
        else:
            events = holes.fill_gap(self.gaps, trade, source)
        return events + holes.give_up_below(self.gaps, self.seen.given_up, trade, source)

    def _mark(self, trade: Trade, follows_hole: bool) -> None:
        self.latencies.append(trade.ts_ingest_ns - trade.ts_event_ns)
        reasons = oddities(trade, self.newest_event_ns, follows_hole)
        trade.reasons = reasons
        trade.quality = self._score(reasons) if reasons else 1.0
        self.seq += 1
        trade.seq = self.seq
        if trade.ts_event_ns > self.newest_event_ns:
            self.newest_event_ns = trade.ts_event_ns

    def take_quote(self, quote: Quote) -> bool:
        """Numbers and scores a quote in place; False for one that is not newer than the last, which changes nothing."""
        if quote.update_id <= self.newest_update_id:
            self.tally.duplicate += 1
            return False
        self.newest_update_id = quote.update_id
        self.latencies.append(quote.ts_ingest_ns - quote.ts_event_ns)
        reasons = quote_oddities(quote)
        quote.reasons = reasons
        quote.quality = self._score(reasons) if reasons else 1.0
        self.seq += 1
        quote.seq = self.seq
        return True

    def _score(self, reasons: Reasons) -> float:
        """What is left of the score of a tick that is odd."""
        quality = score_of(reasons)
        self.tally.odd(reasons, quality)
        return quality

    def settle(self) -> None:
        """At the end of an envelope: keeps what waits for the tally within bounds."""
        if len(self.latencies) >= MAX_WAITING:
            self._fold()

    def _fold(self) -> None:
        self.tally.latencies.fold(self.latencies)
        self.latencies.clear()

    def had_ticks(self) -> bool:
        """In the window that is open, good ones or others."""
        return self.tally.total(self.seq) > 0

    def end_window(self, symbol: str, source: str, window: tuple[int, int]) -> QualityRecord:
        """The window's record; counts begin anew."""
        self._fold()
        record = self.tally.record(symbol, source, self.seq, *window)
        self.tally = Tally(seq_before=self.seq)
        return record
