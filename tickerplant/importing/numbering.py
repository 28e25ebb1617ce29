"""Ids for ticks whose file has none.

An id is the tick's own time in nanoseconds, or one more than the id before it where that is not larger. So it depends on the file alone: the same
rows get the same ids whenever they are imported, and the line knows a repeated row for a duplicate. Rows come in order of time.
"""

from schemas.ticks import Quote, Trade
from tickerplant.importing.ticks import UNNUMBERED


class Numbering:
    """The last id given, by symbol, source and kind of tick."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, bool], int] = {}

    def number(self, tick: Trade | Quote, source: str) -> None:
        """Gives it an id, in place, unless it has one."""
        is_trade = isinstance(tick, Trade)
        if (tick.trade_id if isinstance(tick, Trade) else tick.update_id) != UNNUMBERED:
            return
        key = (tick.symbol, source, is_trade)
        number = self._last[key] = max(tick.ts_event_ns, self._last.get(key, 0) + 1)
        if isinstance(tick, Trade):
            tick.trade_id = number
        else:
            tick.update_id = number
