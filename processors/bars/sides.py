"""The two sides of a quoted market over one interval: what a bar from quotes says beside its mid prices."""

from decimal import Decimal

from msgspec import Struct, structs

from processors.bars.exact import stripped, text_of
from schemas.bars import BidAsk
from schemas.ticks import Quote


class Sides(Struct, array_like=True, gc=False):
    """Opening and closing prices are the quotes' own text; highs and lows are numbers."""

    bid_open: str
    bid_high: Decimal
    bid_low: Decimal
    bid_close: str
    ask_open: str
    ask_high: Decimal
    ask_low: Decimal
    ask_close: str

    @classmethod
    def of(cls, quote: Quote, bid: Decimal, ask: Decimal) -> "Sides":
        return cls(quote.bid, bid, bid, quote.bid, quote.ask, ask, ask, quote.ask)

    def flat(self) -> "Sides":
        """Both sides standing still at their close."""
        bid, ask = Decimal(self.bid_close), Decimal(self.ask_close)
        return Sides(self.bid_close, bid, bid, self.bid_close, self.ask_close, ask, ask, self.ask_close)

    def copy(self) -> "Sides":
        return structs.replace(self)

    def merge(self, other: "Sides", is_earlier: bool, is_later: bool) -> None:
        """Takes in other quotes, whose first is earlier than ours, or whose last is later."""
        if is_earlier:
            self.bid_open, self.ask_open = other.bid_open, other.ask_open
        if is_later:
            self.bid_close, self.ask_close = other.bid_close, other.ask_close
        self.bid_high, self.bid_low = max(self.bid_high, other.bid_high), min(self.bid_low, other.bid_low)
        self.ask_high, self.ask_low = max(self.ask_high, other.ask_high), min(self.ask_low, other.ask_low)

    def event(self) -> BidAsk:
        return BidAsk(
            bid_open=stripped(self.bid_open),
            bid_high=text_of(self.bid_high),
            bid_low=text_of(self.bid_low),
            bid_close=stripped(self.bid_close),
            ask_open=stripped(self.ask_open),
            ask_high=text_of(self.ask_high),
            ask_low=text_of(self.ask_low),
            ask_close=stripped(self.ask_close),
        )
