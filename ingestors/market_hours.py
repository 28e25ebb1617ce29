"""Whether a connection is to bring data now: its symbols' markets are open."""

from collections.abc import Collection, Mapping

from runtime.clock import Clock
from schemas.sessions import calendar_of
from schemas.symbols import AssetClass, asset_class_of


def market_open(clock: Clock, asset_classes: Mapping[str, AssetClass], symbols: Collection[str]) -> bool:
    """Some of the symbols trade now: crypto always does. asset_classes: by symbol, they win over what names tell."""
    now_ns = clock.now_ns()
    return any(calendar_of(asset_class_of(symbol, asset_classes)).is_open(now_ns) for symbol in symbols)
