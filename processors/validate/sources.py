"""Sources of one symbol against each other: a trade far from what the others just paid is odd."""

from collections.abc import Iterable, Iterator

from processors.validate.limits import Limits
from processors.validate.quality import score_of
from processors.validate.series import TickSeries
from schemas.reasons import Reason
from schemas.ticks import Trade

_MARK = Reason.CROSS_SOURCE_DEVIATION.value


def compare(trades: Iterable[Trade], own: TickSeries, others: list[TickSeries], limits: Limits) -> None:
    """Marks the trades of one envelope in place. The others' newest trades do not change within it: an envelope has one source."""
    for trade in trades:
        reference = _reference(trade.ts_event_ns, others, limits.cross_source_age_ns)
        if reference and abs(float(trade.price) - reference) > limits.cross_source_share * reference:
            _mark(trade, own)


def _reference(ts_event_ns: int, others: list[TickSeries], age_ns: int) -> float:
    """Median (of two in the middle the lower) of the others' newest prices, as far as they are near in event time; 0 without any."""
    near = sorted(_newest_prices(ts_event_ns, others, age_ns))
    return near[(len(near) - 1) // 2] if near else 0.0


def _newest_prices(ts_event_ns: int, others: list[TickSeries], age_ns: int) -> Iterator[float]:
    for other in others:
        if other.newest_price and abs(ts_event_ns - other.newest_event_ns) <= age_ns:
            yield other.newest_price


def _mark(trade: Trade, own: TickSeries) -> None:
    before = trade.quality
    trade.reasons = (*trade.reasons, _MARK)
    trade.quality = score_of(trade.reasons)
    own.tally.odd((_MARK,), 1.0 - (before - trade.quality))
