"""From what is odd about a tick to its score: max(0, 1 - sum of the reasons' weights), rounded to 6 decimals."""

from decimal import Decimal
from functools import lru_cache

from processors.validate.limits import DEFAULTS, Limits
from schemas.reasons import CATALOGUE, Reason
from schemas.ticks import Quote, Trade
from schemas.timeframes import SECOND_NS

LATE_NS = 60 * SECOND_NS

Reasons = tuple[str, ...]


@lru_cache(maxsize=1024)
def score_of(reasons: Reasons) -> float:
    """0..1. Raises KeyError for a code that the catalogue does not have."""
    return max(0.0, round(1 - sum(CATALOGUE[Reason(reason)].weight for reason in reasons), 6))


def oddities(trade: Trade, newest_event_ns: int, follows_hole: bool, jumps: bool = False, large: bool = False) -> Reasons:
    """What is odd about a trade, in a fixed order. newest_event_ns: the largest event time among the symbol's earlier trades."""
    marks = (
        (trade.ts_event_ns < newest_event_ns, Reason.OUT_OF_ORDER),
        (follows_hole, Reason.SEQUENCE_GAP),
        (trade.filled, Reason.GAP_FILLED),
        (not trade.filled and trade.ts_ingest_ns - trade.ts_event_ns > LATE_NS, Reason.LATE),
        (jumps, Reason.PRICE_ANOMALY),
        (large, Reason.VOLUME_ANOMALY),
    )
    return tuple([reason.value for applies, reason in marks if applies])


def quote_oddities(quote: Quote, limits: Limits = DEFAULTS, jumps: bool = False, wide: bool = False, large: bool = False) -> Reasons:
    """What is odd about a quote, in a fixed order. jumps, wide, large: by the quotes before it."""
    late = quote.ts_ingest_ns - quote.ts_event_ns > LATE_NS
    marks = (
        (_is_crossed(quote), Reason.CROSSED_QUOTE),
        (late, Reason.LATE),
        (late and _is_stale(quote, limits), Reason.STALE_QUOTE),
        (jumps, Reason.QUOTE_PRICE_ANOMALY),
        (wide, Reason.SPREAD_ANOMALY),
        (large, Reason.QUOTE_SIZE_ANOMALY),
    )
    return tuple([reason.value for applies, reason in marks if applies])


def _is_crossed(quote: Quote) -> bool:
    """Floats keep the order of decimals, but two near decimals can be one float: only then are the digits compared. A value has but one side."""
    if float(quote.bid) < float(quote.ask):
        return False
    bid, ask = Decimal(quote.bid), Decimal(quote.ask)
    return bid > ask or (bid == ask and any(map(Decimal, (quote.bid_size, quote.ask_size))))


def _is_stale(quote: Quote, limits: Limits) -> bool:
    """Only time in which the market was open counts: Friday's last quote is not stale on Monday morning."""
    return limits.open_ns_between(quote.symbol, quote.ts_event_ns, quote.ts_ingest_ns) > limits.stale_quote_ns
