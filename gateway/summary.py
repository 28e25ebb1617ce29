"""The market's summary: the last day of every symbol, made from the closed bars that the hub remembers anyway. Made only where somebody wants it."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from gateway.hub import Hub
from gateway.series import PRIMARY, Channel, Placed, SeriesKey, Summary
from runtime import metrics
from schemas.bars import Bar
from schemas.reasons import Reason
from schemas.timeframes import SECOND_NS

DAY_NS = 86_400 * SECOND_NS
_MINUTES = 60
_HOURS = 24
_PERCENT = Decimal("0.0001")
_DIGITS = 50


class Summaries:
    """Publishes a summary whenever a primary series' minute closes; while nobody listens it notes only that one is due."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._due: dict[str, Placed] = {}

    def note(self, bar: Placed) -> None:
        """A primary bar was published."""
        if bar.timeframe != "1m":
            return
        if self._hub.wants(Channel.MARKET_SUMMARY):
            self._publish(bar)
        else:
            self._due[bar.symbol] = bar

    def catch_up(self) -> None:
        """For a first listener: what was due."""
        due, self._due = self._due, {}
        for bar in due.values():
            self._publish(bar)

    def _publish(self, bar: Placed) -> None:
        minutes, hours = self._bars(bar.symbol, "1m", _MINUTES), self._bars(bar.symbol, "1h", _HOURS)
        if not minutes:
            return
        place = Placed(
            Channel.MARKET_SUMMARY, bar.symbol, bar.source, "", True, bar.partition, bar.offset, bar.index, bar.trace, bar.ts_receive_ns
        )
        try:
            self._hub.publish(place, summary_of(minutes, hours, min(_MINUTES, self._hub.memory.depth)))
        except ArithmeticError:  # text in a bar that is no number
            metrics.DROPPED.labels("gateway", Reason.INVALID_SCHEMA).inc()

    def _bars(self, symbol: str, timeframe: str, count: int) -> list[Bar]:
        view = self._hub.seen(SeriesKey(Channel.OHLCV, symbol, PRIMARY, timeframe))
        return [event for _placed, event in view.history.items(count) if isinstance(event, Bar)] if view else []


def summary_of(minutes: Sequence[Bar], hours: Sequence[Bar], most_minutes: int = _MINUTES) -> Summary:
    """Both oldest first, minutes not empty: closed hours of the last day, then the minutes since.

    If there are as many minutes as are kept and they do not reach back to the last hour's end, they are all that is told of: those between
    are forgotten. With fewer there were none between. Exact: decimals throughout.
    """
    newest = minutes[-1]
    hours = [bar for bar in hours if newest.ts_close_ns - DAY_NS <= bar.ts_open_ns and bar.ts_close_ns <= newest.ts_close_ns]
    if hours and len(minutes) >= most_minutes and minutes[0].ts_open_ns > hours[-1].ts_close_ns:
        hours = []
    rest = [bar for bar in minutes if not hours or bar.ts_open_ns >= hours[-1].ts_close_ns]
    bars = [*hours, *rest]
    with localcontext() as context:
        context.prec = _DIGITS
        return _summed(bars, newest)


def _summed(bars: Sequence[Bar], newest: Bar) -> Summary:
    opened, last = Decimal(bars[0].open), Decimal(newest.close)
    change = last - opened
    percent = (change / opened * 100).quantize(_PERCENT, ROUND_HALF_EVEN) if opened else Decimal(0)
    length_ns = sum(bar.ts_close_ns - bar.ts_open_ns for bar in bars)
    return Summary(
        symbol=newest.symbol,
        source=newest.source,
        last=newest.close,
        open=bars[0].open,
        high=max((bar.high for bar in bars), key=Decimal),
        low=min((bar.low for bar in bars), key=Decimal),
        change=format(change, "f"),
        change_percent=format(percent, "f"),
        volume=format(sum((Decimal(bar.volume) for bar in bars), Decimal(0)), "f"),
        quote_volume=format(sum((Decimal(bar.quote_volume) for bar in bars), Decimal(0)), "f"),
        trade_count=sum(bar.trade_count for bar in bars),
        quality=round(sum(bar.quality * (bar.ts_close_ns - bar.ts_open_ns) for bar in bars) / length_ns, 6) if length_ns else 0.0,
        ts_from_ns=bars[0].ts_open_ns,
        ts_to_ns=newest.ts_close_ns,
        known_at_ns=newest.known_at_ns,
    )
