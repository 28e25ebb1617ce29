"""What validate remembers of one (symbol, source), and what one tick does to it."""

from msgspec import Struct

from processors.validate import gaps as holes
from processors.validate.gaps import OpenGap
from processors.validate.ids import SeenIds
from processors.validate.quality import oddities, quote_oddities, score_of
from schemas.gaps import Gap
from schemas.ticks import Quote, Trade


class TickSeries(Struct, array_like=True):
    """seq: of the last tick passed on. newest_id: largest integer trade id (-1: none), newest_id_ns its event time; newest_event_ns: largest
    event time of a trade; newest_update_id: of the last quote (-1: none). gaps: open holes, sorted by id."""

    seen: SeenIds
    gaps: list[OpenGap]
    seq: int = 0
    newest_id: int = -1
    newest_id_ns: int = 0
    newest_event_ns: int = 0
    newest_update_id: int = -1

    def take_trade(self, trade: Trade, source: str, contiguous: bool) -> list[Gap] | None:
        """Numbers and scores a trade in place; the gap events it causes, or None for a duplicate, which changes nothing."""
        trade_id = trade.trade_id
        newest_id = self.newest_id
        if not self.seen.add(trade_id):
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
        reasons = oddities(trade, self.newest_event_ns, follows_hole)
        trade.reasons = reasons
        trade.quality = score_of(reasons) if reasons else 1.0
        self.seq += 1
        trade.seq = self.seq
        if trade.ts_event_ns > self.newest_event_ns:
            self.newest_event_ns = trade.ts_event_ns

    def take_quote(self, quote: Quote) -> bool:
        """Numbers and scores a quote in place; False for one that is not newer than the last, which changes nothing."""
        if quote.update_id <= self.newest_update_id:
            return False
        self.newest_update_id = quote.update_id
        reasons = quote_oddities(quote)
        quote.reasons = reasons
        quote.quality = score_of(reasons) if reasons else 1.0
        self.seq += 1
        quote.seq = self.seq
        return True
