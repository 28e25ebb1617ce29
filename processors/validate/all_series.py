"""The series of one partition, also by symbol: the sources of a symbol share its partition and are compared."""

from collections import defaultdict
from typing import Any

from processors.forms import is_symbol
from processors.state import Series
from processors.validate.gaps import OpenGap
from processors.validate.ids import SeenIds
from processors.validate.series import TickSeries


class AllSeries(Series[TickSeries]):
    """A TickSeries per (symbol, source)."""

    def __init__(self) -> None:
        super().__init__()
        self._of_symbol: dict[str, list[tuple[str, TickSeries]]] = defaultdict(list)

    def enter(self, symbol: str, source: str) -> TickSeries | None:
        """The series, made if it is new; None if that is no symbol."""
        series = self.get((symbol, source))
        if series is None and is_symbol(symbol):
            series = self[symbol, source] = TickSeries(SeenIds(), list[OpenGap]())
            self._of_symbol[symbol].append((source, series))
        return series

    def others(self, symbol: str, source: str) -> list[TickSeries]:
        """Of the symbol's other sources."""
        known = self._of_symbol[symbol]
        return [series for other, series in known if other != source] if len(known) > 1 else []

    def unpack(self, snapshot: bytes, kind: type[TickSeries] = TickSeries) -> dict[str, Any]:
        more = super().unpack(snapshot, kind)
        for (symbol, source), series in self.items():
            self._of_symbol[symbol].append((source, series))
        return more
