"""The series of one partition, also by symbol: the sources of a symbol share its partition and are compared."""

from collections import defaultdict
from collections.abc import Iterator
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

    def enter(self, symbol: str, source: str, eligible: bool = True) -> TickSeries | None:
        """The series, made if it is new; None if that is no symbol. eligible: its ticks do not say that they are beside the line, as an import's do."""
        series = self.get((symbol, source))
        if series is None and is_symbol(symbol):
            series = self[symbol, source] = TickSeries(SeenIds(), list[OpenGap]())
            self._place(series, self._of_symbol[symbol], eligible)
            self._of_symbol[symbol].append((source, series))
        if series is not None:
            series.eligible = eligible
        return series

    @staticmethod
    def _place(series: TickSeries, others: list[tuple[str, TickSeries]], eligible: bool) -> None:
        """The first source that may be primary is."""
        series.primary = eligible and not any(other.primary for _, other in others)
        series.primary_epoch = max((other.primary_epoch for _, other in others), default=0)

    def contested(self) -> Iterator[tuple[str, dict[str, TickSeries]]]:
        """Symbols with more than one source that may be primary, sorted; and those sources."""
        for symbol in sorted(symbol for symbol, known in self._of_symbol.items() if len(known) > 1):
            sources = {source: series for source, series in self._of_symbol[symbol] if series.eligible}
            if len(sources) > 1:
                yield symbol, sources

    def of(self, symbol: str) -> list[tuple[str, TickSeries]]:
        """The symbol's sources, as they came."""
        return self._of_symbol.get(symbol, [])

    def others(self, symbol: str, source: str) -> list[TickSeries]:
        """Of the symbol's other sources."""
        known = self._of_symbol[symbol]
        return [series for other, series in known if other != source] if len(known) > 1 else []

    def unpack(self, snapshot: bytes, kind: type[TickSeries] = TickSeries) -> dict[str, Any]:
        more = super().unpack(snapshot, kind)
        for (symbol, source), series in self.items():
            if series.primary and any(other.primary for _, other in self._of_symbol[symbol]):
                series.primary = False  # stored when every source was its own primary
                self.touch((symbol, source))
            self._of_symbol[symbol].append((source, series))
        return more
