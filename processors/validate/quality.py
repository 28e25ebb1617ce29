"""From what is odd about a tick to its score: max(0, 1 - sum of the reasons' weights), rounded to 6 decimals."""

from decimal import Decimal
from functools import lru_cache

from schemas.reasons import CATALOGUE, Reason
from schemas.ticks import Quote, Trade
from schemas.timeframes import SECOND_NS

LATE_NS = 60 * SECOND_NS

Reasons = tuple[str, ...]
_CROSSED: Reasons = (Reason.CROSSED_QUOTE.value,)
_LATE: Reasons = (Reason.LATE.value,)


@lru_cache(maxsize=1024)
def score_of(reasons: Reasons) -> float:
    """0..1. Raises KeyError for a code that the catalogue does not have."""
    return max(0.0, round(1 - sum(CATALOGUE[Reason(reason)].weight for reason in reasons), 6))


def oddities(trade: Trade, newest_event_ns: int, follows_hole: bool) -> Reasons:
    """What is odd about a trade, in a fixed order. newest_event_ns: the largest event time among the symbol's earlier trades."""
    ts_event_ns = trade.ts_event_ns
    late = trade.ts_ingest_ns - ts_event_ns > LATE_NS
    if ts_event_ns >= newest_event_ns and not (late or follows_hole or trade.filled):
        return ()
    marks = (
        (ts_event_ns < newest_event_ns, Reason.OUT_OF_ORDER),
        (follows_hole, Reason.SEQUENCE_GAP),
        (trade.filled, Reason.GAP_FILLED),
        (late and not trade.filled, Reason.LATE),
    )
    return tuple(reason.value for applies, reason in marks if applies)


def quote_oddities(quote: Quote) -> Reasons:
    """What is odd about a quote, in a fixed order."""
    late = quote.ts_ingest_ns - quote.ts_event_ns > LATE_NS
    if float(quote.bid) < float(quote.ask) and not late:
        return ()
    crossed = _CROSSED if _is_crossed(quote) else ()
    return (*crossed, *_LATE) if late else crossed


def _is_crossed(quote: Quote) -> bool:
    """Floats keep the order of decimals, but two near decimals can be one float: only then are the digits compared."""
    return float(quote.bid) >= float(quote.ask) and Decimal(quote.bid) >= Decimal(quote.ask)
