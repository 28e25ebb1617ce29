"""All views, found by their key or by a selection: who subscribes to one symbol of ten thousand does not wait until all are looked at."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from gateway.selector import Selector
from gateway.series import Channel, SeriesKey
from gateway.views import View


class ViewIndex:
    """By channel and symbol."""

    def __init__(self) -> None:
        self._views: dict[Channel, dict[str, dict[SeriesKey, View]]] = {channel: defaultdict(dict) for channel in Channel}

    def __iter__(self) -> Iterator[View]:
        return (view for by_symbol in self._views.values() for views in by_symbol.values() for view in views.values())

    def get(self, key: SeriesKey) -> View | None:
        views = self._views[key.channel].get(key.symbol)
        return None if views is None else views.get(key)

    def add(self, view: View) -> None:
        self._views[view.key.channel][view.key.symbol][view.key] = view

    def discard(self, key: SeriesKey) -> None:
        by_symbol = self._views[key.channel]
        views = by_symbol.get(key.symbol, {})
        views.pop(key, None)
        if not views:
            by_symbol.pop(key.symbol, None)

    def matching(self, selector: Selector) -> list[View]:
        """Those of its series that have a view."""
        by_symbol = self._views[selector.channel]
        symbols: Iterable[str] = by_symbol if selector.any_symbol else selector.symbols
        return [view for symbol in symbols for key, view in by_symbol.get(symbol, {}).items() if selector.matches(key)]
