"""Whose bars are primary where providers build them: the reigns of their series, as bars and changes of primary stand in market.bars.raw.

`validate` decides; until it has said something of a series, the first source that claims it has it.
"""

from msgspec import Struct

from processors.bars.provider_series import ProviderSeries
from processors.bars.reigns import Reign
from processors.state import Series
from schemas.bars import ProviderBar
from schemas.sources import PrimaryChange

MAX_REIGNS = 64  # that are remembered of a series: as many intervals as a provider restates


class Ruler(Struct, array_like=True):
    """The primary source of a symbol's bars of a timeframe, of those that begin at from_ns or later."""

    source: str
    epoch: int = 0
    from_ns: int = 0


class Rulers(Series[Ruler]):
    """By symbol and timeframe."""

    def claim(self, series: ProviderSeries, bar: ProviderBar) -> None:
        """A live source's bar, of a series of which nothing is known yet."""
        key = (bar.symbol, bar.timeframe)
        ruler = self.get(key)
        if ruler is None:
            ruler = self[key] = Ruler(bar.source)
            self.touch(key)
        series.reigns = [Reign(0, False, ruler.epoch)]
        if ruler.source == bar.source:
            series.reigns.append(Reign(ruler.from_ns, True, ruler.epoch))

    def change(self, change: PrimaryChange, all_series: Series[ProviderSeries]) -> list[ProviderBar]:
        """Another ruler. The bars that its series says again as the primary one, oldest first; none where it rules already, as for what is told again."""
        key = (change.symbol, change.timeframe)
        former = self.get(key)
        self.touch(key)
        if former is not None and change.source == former.source:
            former.epoch = change.primary_epoch
            return []
        own = (change.symbol, change.source, change.timeframe)
        series = all_series.get(own)
        from_ns = self._depose(former, change, all_series, series.known_from_ns() if series else 0) if former else 0
        self[key] = Ruler(change.source, change.primary_epoch, from_ns)
        if series is None:
            return []
        all_series.touch(own)
        _begin(series, Reign(from_ns, True, change.primary_epoch))
        return series.told_again(from_ns, change)

    def _depose(self, former: Ruler, change: PrimaryChange, all_series: Series[ProviderSeries], known_from_ns: int) -> int:
        """Where the next one's bars begin to count: behind the former one's last. It has none here where it is a stream: then behind its last tick.
        known_from_ns: bars of the next one that begin earlier cannot be told again; they are left to the former one, which fills its outage."""
        key = (change.symbol, former.source, change.timeframe)
        series = all_series.get(key)
        if series is None:
            return max(former.from_ns, change.heard_ns, known_from_ns)
        from_ns = max(former.from_ns, series.closed_until_ns(), known_from_ns)
        all_series.touch(key)
        _begin(series, Reign(from_ns, False, change.primary_epoch))
        return from_ns


def _begin(series: ProviderSeries, reign: Reign) -> None:
    """A reign that would begin no earlier than this one is over before it began."""
    series.reigns = [*(one for one in series.reigns if one.from_ns < reign.from_ns), reign][-MAX_REIGNS:]
