"""Which sources give one symbol's bars: polled ones by what they offer, streams by their ticks, of which bars are built. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from processors.validate.all_series import AllSeries
from processors.validate.reaches import Reaches
from processors.validate.series import TickSeries
from schemas.sessions import calendar_of
from schemas.sources import BarOffer
from schemas.symbols import AssetClass, asset_class_of
from schemas.timeframes import DAY_NS, Timeframe

BarKey = tuple[str, str]  # symbol, timeframe
Sources = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BuiltBars:
    """Of whose ticks bars are built. provider_sources: of none of these; quoted: the classes whose bars are built of quotes; timeframes: those that are built."""

    provider_sources: Collection[str] = ()
    quoted: Collection[AssetClass] = ()
    asset_classes: Mapping[str, AssetClass] = field(default_factory=dict)
    timeframes: Collection[str] = tuple(timeframe.value for timeframe in Timeframe)

    def streams(self, key: BarKey, all_series: AllSeries, reaches: Reaches, among: Collection[str]) -> list[str]:
        """Sources whose ticks of the symbol build bars, and that were there within the last day of those `among`: one that comes back after an outage
        fills it, and its bars are the primary ones of that time too. None that has sent nothing of it while its market was open for a day. Sorted."""
        symbol, timeframe = key
        if timeframe not in self.timeframes:
            return []
        return sorted(
            source
            for source, series in all_series.of(symbol)
            if series.eligible
            and self.builds(symbol, source, series)
            and reaches.away_ns(source, among) <= DAY_NS
            and not self._is_given_up(symbol, series, reaches[source].event_ns)
        )

    def builds(self, symbol: str, source: str, series: TickSeries) -> bool:
        """Bars are built of the ticks that the source sends of the symbol."""
        if source in self.provider_sources:
            return False
        is_quoted = asset_class_of(symbol, self.asset_classes) in self.quoted
        return (series.newest_quote_ns if is_quoted else series.newest_event_ns) > 0

    def _is_given_up(self, symbol: str, series: TickSeries, now_ns: int) -> bool:
        """It lives, but does not carry the symbol any more. now_ns: by its own clock."""
        if now_ns - series.heard_ns <= DAY_NS:
            return False
        calendar = calendar_of(asset_class_of(symbol, self.asset_classes))
        return calendar.open_ns_between(series.heard_ns, now_ns) > DAY_NS


class Offered(Struct, array_like=True):
    """What a source says that it sends."""

    symbols: tuple[str, ...]
    timeframes: tuple[str, ...]


class Offers(dict[str, Offered]):
    """By source: the newest of each."""

    def __init__(self) -> None:
        super().__init__()
        self._rivals: list[tuple[BarKey, Sources]] = []

    def take(self, offer: BarOffer) -> bool:
        """True if it is another one than before."""
        offered = Offered(offer.symbols, offer.timeframes)
        if self.get(offer.source) == offered:
            return False
        self[offer.source] = offered
        self.arrange()
        return True

    def arrange(self) -> None:
        """Anew, after offers were put in."""
        sources: dict[BarKey, Sources] = {}
        for source in sorted(self):
            for symbol in self[source].symbols:
                for timeframe in self[source].timeframes:
                    sources[symbol, timeframe] = (*sources.get((symbol, timeframe), ()), source)
        self._rivals = sorted(sources.items())

    def rivals(self) -> Sequence[tuple[BarKey, Sources]]:
        """Each series of bars that is offered, with the sources that offer it; both sorted."""
        return self._rivals
