"""What the settings say of a symbol's bars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from runtime.settings import ProcessSettings
from schemas.sessions import Calendar, calendar_of
from schemas.symbols import AssetClass, asset_class_of

EVERY_SYMBOL = "*"


@dataclass(frozen=True, slots=True)
class Policy:
    """calendar: whose days its bars of a day and more are. from_quotes: built from quotes and not from trades. synthetic: intervals without any get a bar."""

    calendar: Calendar
    from_quotes: bool
    synthetic: bool


class Policies(dict[str, Policy]):
    """By symbol; made when a symbol is first asked for."""

    def __init__(
        self,
        asset_classes: Mapping[str, AssetClass] | None = None,
        quote_bars: Sequence[AssetClass] = ("fx", "index"),
        synthetic_bars: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._asset_classes = asset_classes or {}
        self._quote_bars = frozenset(quote_bars)
        self._synthetic_bars = frozenset(synthetic_bars)

    @classmethod
    def from_settings(cls, process: ProcessSettings) -> "Policies":
        return cls(process.asset_classes, process.quote_bars, process.synthetic_bars)

    def __missing__(self, symbol: str) -> Policy:
        asset_class = asset_class_of(symbol, self._asset_classes)
        synthetic = not self._synthetic_bars.isdisjoint((symbol, EVERY_SYMBOL))
        policy = self[symbol] = Policy(calendar_of(asset_class), asset_class in self._quote_bars, synthetic)
        return policy

    def any_from_quotes(self, symbols: bytes) -> bool:
        """True if a symbol of the comma list, as envelopes carry it in a header, is built from quotes."""
        return any(self[symbol].from_quotes for symbol in symbols.decode("utf-8", "replace").split(","))
