"""Bars. Topics market.bars (closed and revised), market.bars.forming (open), market.bars.raw (built by a venue).

Prices, sizes and vwap are decimal text. A bar's identity is (symbol, source, timeframe, ts_open_ns, revision).
"""

from typing import Literal

from msgspec import Struct

PriceBasis = Literal["trade", "mid"]
BarKind = Literal["final", "corrected", "synthetic", "provider", "incomplete", "forming"]


class BidAsk(Struct):
    """Both sides of a market over one interval, as its quotes had them."""

    bid_open: str
    bid_high: str
    bid_low: str
    bid_close: str
    ask_open: str
    ask_high: str
    ask_low: str
    ask_close: str


class Bar(Struct):
    """One interval of one symbol at one source; never mixes venues.

    ts_open_ns <= event times < ts_close_ns. volume: exact sum of sizes; quote_volume: exact sum of price x size;
    vwap: quote_volume / volume, rounded half-even to 10 decimals; the close where nothing was traded.
    kind: `final`, `corrected` (a late tick after the close: revision + 1), `incomplete` (its interval was not observed whole), `synthetic` (nothing was
    traded: the last close stands), `provider` (built by the venue), `forming` (still open; on its own topic).
    quality: tick-weighted mean score of its trades times the covered share of its time, 0..1; 0 for a synthetic one. reasons: what took score.
    price_basis: `mid` for a market that is quoted only: prices are (bid + ask) / 2, volume and trade_count are 0, quote_count and sides say what was quoted.
    known_at_ns: the ingestor's clock when the bar closed or was corrected; a backtest may use the bar from then on.
    """

    symbol: str
    source: str
    timeframe: str
    ts_open_ns: int
    ts_close_ns: int
    open: str
    high: str
    low: str
    close: str
    volume: str
    quote_volume: str
    vwap: str
    trade_count: int
    kind: BarKind
    revision: int
    quality: float
    reasons: tuple[str, ...]
    known_at_ns: int
    primary: bool = True
    primary_epoch: int = 0
    v: int = 1
    price_basis: PriceBasis = "trade"
    quote_count: int = 0
    sides: BidAsk | None = None


class ProviderActions(Struct):
    """What a provider says beside a bar; prices and ratios are decimal text, empty: nothing.

    splits: those that it declares near the bar, coming ones too: (ts_open_ns of the bar at which it takes effect, new shares for one old share).
    splits_adjusted: prices before a split are already divided by it. dividend: paid at this bar. adjusted_close: the close with later dividends taken off.
    Adjustments hold among the bars of one answer: those with the same known_at_ns.
    """

    splits: tuple[tuple[int, str], ...] = ()
    splits_adjusted: bool = True
    dividend: str = ""
    adjusted_close: str = ""


class ProviderBar(Bar):
    """A bar as a venue or data vendor sent it (market.bars.raw): what it says of the interval at known_at_ns.

    again: it has been asked for this interval before, and says something else now. Which revision that makes is decided where bars are published.
    """

    actions: ProviderActions | None = None
    again: bool = False
