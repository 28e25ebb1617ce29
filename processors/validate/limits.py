"""From where on a tick is wrong or odd: the settings as the numbers that the rules compare with."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.settings import QualitySettings
from runtime.settings.failover import FailoverSettings
from schemas.sessions import calendar_of
from schemas.symbols import AssetClass, asset_class_of


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in nanoseconds. price_width, volume_width, spread_width: of the usual range, in robust standard deviations; least_*: its smallest half width.

    least_price_width and least_spread are shares of the median price, least_volume_width and least_spread_width differences of natural logarithms.
    """

    interval_ns: int
    ahead_ns: int
    stale_quote_ns: int
    silence_ns: int
    anomaly_window: int
    price_width: float
    least_price_width: float
    volume_width: float
    least_volume_width: float
    spread_width: float
    least_spread_width: float
    least_spread: float
    cross_source_share: float
    cross_source_age_ns: int
    lost_ns: int
    quiet_ns: int
    settle_ns: int
    asset_classes: Mapping[str, AssetClass] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        settings: QualitySettings,
        asset_classes: Mapping[str, AssetClass] | None = None,
        failover: FailoverSettings = FailoverSettings(),  # noqa: B008
    ) -> "Limits":
        """The settings, with seconds as nanoseconds. asset_classes: of symbols whose names do not tell theirs."""
        return cls(
            interval_ns=_ns(settings.interval_s),
            ahead_ns=_ns(settings.ahead_s),
            stale_quote_ns=_ns(settings.stale_quote_s),
            silence_ns=_ns(settings.silence_s),
            anomaly_window=settings.anomaly_window,
            price_width=settings.price_deviations,
            least_price_width=settings.price_share,
            volume_width=settings.volume_deviations,
            least_volume_width=math.log(settings.volume_factor),
            spread_width=settings.spread_deviations,
            least_spread_width=math.log(settings.spread_factor),
            least_spread=settings.spread_share,
            cross_source_share=settings.cross_source_share,
            cross_source_age_ns=_ns(settings.cross_source_age_s),
            lost_ns=_ns(failover.lost_s),
            quiet_ns=_ns(failover.quiet_s),
            settle_ns=_ns(failover.settle_s),
            asset_classes=asset_classes or {},
        )

    def open_ns_between(self, symbol: str, from_ns: int, to_ns: int) -> int:
        """How long the symbol's market was open between two instants; 0 if the second is not later."""
        calendar = calendar_of(asset_class_of(symbol, self.asset_classes))
        return calendar.open_ns_between(from_ns, to_ns)


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)


DEFAULTS = Limits.of(QualitySettings())
