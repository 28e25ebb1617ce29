"""Who writes the records of which topic to which table."""

from schemas.topics import Topic
from sinks.timescale.alerts import AlertWriter
from sinks.timescale.bars import BarWriter
from sinks.timescale.gaps import GapWriter
from sinks.timescale.horizon import KEPT_FOR_EVER, Horizon, expiring
from sinks.timescale.indicators import IndicatorWriter
from sinks.timescale.quality import QualityWriter
from sinks.timescale.rows import TableWriter
from sinks.timescale.signals import SignalWriter
from sinks.timescale.symbols import AssetClasses
from sinks.timescale.ticks import TickWriter


def table_writers(horizon: Horizon = KEPT_FOR_EVER, asset_classes: AssetClasses | None = None) -> dict[Topic, TableWriter]:
    """Who writes the records of each topic. asset_classes: of symbols whose name does not tell."""
    return {
        Topic.TICKS: TickWriter(horizon),
        Topic.BARS: expiring(BarWriter(asset_classes), horizon),
        Topic.INDICATORS: expiring(IndicatorWriter(), horizon),
        Topic.SIGNALS: expiring(SignalWriter(), horizon),
        Topic.GAPS: GapWriter(),
        Topic.QUALITY: expiring(QualityWriter(), horizon),
        Topic.ALERTS: expiring(AlertWriter(), horizon),
    }
