"""Alerts and the rules that raise them. Topic market.alerts: what a rule found, keyed by symbol. Rules travel on market.control (schemas.control).

Numbers of rules and of what was measured are exact decimals, text on the wire; JSON numbers are taken for them too.
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

Severity = Literal["low", "medium", "high", "critical"]
AlertState = Literal["raised", "cleared", "withdrawn"]
AlertReason = Literal[
    "condition", "correction", "data", "gap_filled", "gap_partial", "gap_unfillable", "rule_changed", "rule_removed", "forgotten"
]
Direction = Literal["above", "below"]
ZERO = Decimal(0)


class Rule(Struct, kw_only=True, frozen=True, tag_field="kind"):
    """What all rules say.

    id: unique; a new rule of the same id takes the old one's place. symbols: canonical names, or `*` for all. source: one, or `*`.
    cooldown_s: event time after a raise during which the same series raises no other. enabled: a rule that is not is kept and judges nothing.
    message: a template, {measured} and others of processors.alerts.messages; empty: the kind's own.
    """

    id: str
    severity: Severity = "medium"
    symbols: tuple[str, ...] = ("*",)
    source: str = "*"
    cooldown_s: float = 0.0
    enabled: bool = True
    message: str = ""


class SeriesRule(Rule, kw_only=True, frozen=True):
    """Judges each closed bar of a series, or its indicators. It raises beyond threshold, and again only after the value came back
    from the threshold by hysteresis (then the alert is cleared)."""

    threshold: Decimal
    timeframe: str = "1m"
    hysteresis: Decimal = ZERO


class PriceLevel(SeriesRule, kw_only=True, frozen=True, tag="price_level"):
    """A bar's price above or below the threshold."""

    direction: Direction
    field: Literal["close", "high", "low"] = "close"


class PriceChange(SeriesRule, kw_only=True, frozen=True, tag="price_change"):
    """Percent between the close and that of `bars` bars before: above or below the threshold, or (`either`) its size above it."""

    direction: Literal["above", "below", "either"]
    bars: int = 1


class VolumeSpike(SeriesRule, kw_only=True, frozen=True, tag="volume_spike"):
    """The volume as a multiple of the median of the `bars` bars before it; threshold: the multiple."""

    bars: int = 20


class IndicatorLevel(SeriesRule, kw_only=True, frozen=True, tag="indicator_level"):
    """An indicator's output above or below the threshold. indicator: its key, as rsi_14."""

    indicator: str
    direction: Direction
    output: str = "value"


class IndicatorCross(SeriesRule, kw_only=True, frozen=True, tag="indicator_cross"):
    """The bar at which an output crosses a level (threshold), or another output: then the difference of both crosses the threshold.

    direction: `above` crosses upwards. other_indicator: empty for the same indicator; other_output: empty to cross the level alone.
    """

    indicator: str
    direction: Direction
    threshold: Decimal = ZERO
    output: str = "value"
    other_indicator: str = ""
    other_output: str = ""


class QualityBelow(SeriesRule, kw_only=True, frozen=True, tag="quality_below"):
    """Quality, 0..1, below the threshold: that of a closed bar, or (of: `source`) that of a source and symbol over the last seconds,
    from market.quality; timeframe means nothing then."""

    of: Literal["bars", "source"] = "bars"


class GapOpen(Rule, kw_only=True, frozen=True, tag="gap_open"):
    """A break of continuity of at least minimum_size of the venue's numbers; cleared when it is filled or given up."""

    channels: tuple[str, ...] = ("trade",)
    minimum_size: int = 0


class SourceDown(Rule, kw_only=True, frozen=True, tag="source_down"):
    """No bar of a symbol and source for silent_s, while other series of the partition go on: the log alone tells no time without them."""

    silent_s: float


class PrimaryChanged(Rule, kw_only=True, frozen=True, tag="primary_changed"):
    """A symbol got another primary source. source: the new one. An alert's subject is the former one, measured the reason; nothing clears it."""


AnyRule = PriceLevel | PriceChange | VolumeSpike | IndicatorLevel | IndicatorCross | QualityBelow | GapOpen | SourceDown | PrimaryChanged


class Alert(Struct):
    """One event of an alert.

    alert_id: the same for repeats of this event, which a crash can make. episode_id: alert_id of the raise that this belongs to.
    state: `raised`; `cleared`: the cause is over (reason says how); `withdrawn`: a correction took the cause of the event `withdraws` away, which
    holds no longer. rule_version: changes with the rule's content. timeframe: empty for gaps and sources. subject: the field, the indicator's
    output, the gap_id or the former primary source that was measured. measured, threshold: decimal text, measured is empty where nothing was.
    ts_event_ns: event time of the cause (a bar's close). known_at_ns: the ingestor's clock of the record that showed it. revision: of that bar or record.
    """

    alert_id: str
    episode_id: str
    state: AlertState
    reason: AlertReason
    rule_id: str
    rule_version: str
    kind: str
    severity: Severity
    symbol: str
    source: str
    timeframe: str
    subject: str
    measured: str
    threshold: str
    message: str
    ts_event_ns: int
    known_at_ns: int
    revision: int = 0
    withdraws: str = ""
    v: int = 1
