"""Rules: from what a user or a control record says to a rule that can be trusted, its version, and what it looks at."""

import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, get_args

import msgspec
from msgspec import Struct

from processors.alerts.messages import template_fault
from schemas.alerts import (
    AnyRule,
    GapOpen,
    IndicatorCross,
    IndicatorLevel,
    PriceChange,
    PrimaryChanged,
    QualityBelow,
    Rule,
    SeriesRule,
    SourceDown,
    VolumeSpike,
)
from schemas.gaps import GapChannel
from schemas.symbols import SYMBOL
from schemas.timeframes import Timeframe
from schemas.topics import Topic

KINDS: dict[str, type[AnyRule]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyRule)}
LOOKBACK_BARS = 60  # a rule may look so many bars back
MAX_COOLDOWN_S = 30 * 86_400
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SOURCE = re.compile(r"\*|[a-z][a-z0-9-]{0,31}")
_LIMIT = Decimal(10) ** 30
_convert = msgspec.convert


class StoredRule(Struct, array_like=True):
    """A rule that the stage holds. version: changes with the content. from_offsets: see schemas.control.RuleChange."""

    rule: AnyRule
    version: str
    from_offsets: dict[str, int]

    def holds_at(self, topic: Topic, offset: int) -> bool:
        """True for records that were written after the rule was."""
        return offset >= self.from_offsets.get(topic.value, 0)


def version_of(rule: AnyRule) -> str:
    return hashlib.sha256(msgspec.json.encode(rule)).hexdigest()[:12]


def read_rule(content: Any) -> AnyRule:
    """A rule from what JSON holds. Raises ValueError with one sentence that says what is wrong and what there is."""
    if not isinstance(content, Mapping):
        raise ValueError('a rule is a JSON object, as {"id": "btc-high", "kind": "price_level", ...}')
    kind = KINDS.get(str(content.get("kind", "")))
    if kind is None:
        raise ValueError(f"kind {content.get('kind', '')!r} is none; there are: {', '.join(KINDS)}")
    known = {field.encode_name for field in msgspec.structs.fields(kind)} | {"kind"}
    if unknown := sorted(str(name) for name in content.keys() - known):
        raise ValueError(f"a {content['kind']} rule has no {', '.join(unknown)}; it has: {', '.join(sorted(known))}")
    try:
        rule: AnyRule = _convert(dict(content), AnyRule)
    except msgspec.ValidationError as error:
        raise ValueError(_sentence(str(error))) from None
    if fault := fault_of(rule):
        raise ValueError(fault)
    return rule


def _sentence(message: str) -> str:
    """msgspec's words without its path syntax: `threshold: Expected ...`."""
    said, _, place = message.partition(" - at `$.")
    return f"{place.rstrip('`')}: {said}" if place else said


def fault_of(rule: AnyRule) -> str:
    """What makes the rule unusable, as a sentence; empty if nothing does."""
    return next(filter(None, (_common_fault(rule), _kind_fault(rule), template_fault(rule.message))), "")


def _common_fault(rule: AnyRule) -> str:
    if not _ID.fullmatch(rule.id):
        return f"id {rule.id[:80]!r}: write 1 to 64 letters, digits, points, dashes and underscores"
    if not rule.symbols or len(rule.symbols) > 1000:
        return "symbols: name 1 to 1000, or * for all"
    if wrong := [symbol for symbol in rule.symbols if not (symbol == "*" or SYMBOL.fullmatch(symbol))]:
        return f"symbols: {wrong[0][:40]!r} is none; write it as BTC-USDT, AAPL, BRK.B or I.SPX, or * for all"
    if not _SOURCE.fullmatch(rule.source):
        return f"source {rule.source[:40]!r} is none; write its name, as binance, or * for all"
    if not 0 <= rule.cooldown_s <= MAX_COOLDOWN_S:
        return f"cooldown_s: {rule.cooldown_s:g} is not between 0 and {MAX_COOLDOWN_S}"
    return ""


def _kind_fault(rule: AnyRule) -> str:
    if isinstance(rule, GapOpen):
        return _gap_fault(rule)
    if isinstance(rule, SourceDown):
        return "" if 1 <= rule.silent_s <= MAX_COOLDOWN_S else f"silent_s: {rule.silent_s:g} is not between 1 and {MAX_COOLDOWN_S}"
    if isinstance(rule, PrimaryChanged):
        return ""
    return _series_fault(rule) or _indicator_fault(rule)


def _gap_fault(rule: GapOpen) -> str:
    channels = get_args(GapChannel)
    if not rule.channels or set(rule.channels) - set(channels):
        return f"channels: name some of {', '.join(channels)}"
    return "" if rule.minimum_size >= 0 else "minimum_size: must not be negative"


def _series_fault(rule: SeriesRule) -> str:
    if rule.timeframe not in [timeframe.value for timeframe in Timeframe]:
        return f"timeframe {rule.timeframe[:20]!r} is none; there are: {', '.join(Timeframe)}"
    for name, number in (("threshold", rule.threshold), ("hysteresis", rule.hysteresis)):
        if not number.is_finite() or abs(number) >= _LIMIT:
            return f"{name}: {number} is no number that can be compared"
    if rule.hysteresis < 0:
        return "hysteresis: must not be negative"
    if isinstance(rule, PriceChange | VolumeSpike) and not 1 <= rule.bars <= LOOKBACK_BARS:
        return f"bars: {rule.bars} is not between 1 and {LOOKBACK_BARS}"
    if isinstance(rule, VolumeSpike) and rule.threshold <= 0:
        return "threshold: a multiple of the median volume, above 0"
    if isinstance(rule, QualityBelow) and not 0 < rule.threshold <= 1:
        return "threshold: a quality above 0 and at most 1"
    return ""


def _indicator_fault(rule: SeriesRule) -> str:
    if isinstance(rule, IndicatorLevel | IndicatorCross) and not (rule.indicator and rule.output):
        return "indicator: name its key, as rsi_14, and one of its outputs, as value"
    if isinstance(rule, IndicatorCross) and rule.other_indicator and not rule.other_output:
        return "other_output: name the output of the other indicator"
    return ""


def concerns(rule: AnyRule, symbol: str, source: str) -> bool:
    """True if the rule judges this symbol at this source."""
    return rule.enabled and rule.source in ("*", source) and ("*" in rule.symbols or symbol in rule.symbols)


def topic_of(rule: Rule) -> Topic:
    """The input that the rule judges."""
    if isinstance(rule, IndicatorLevel | IndicatorCross):
        return Topic.INDICATORS
    if isinstance(rule, QualityBelow) and rule.of == "source":
        return Topic.QUALITY
    if isinstance(rule, PrimaryChanged):
        return Topic.SOURCES
    return Topic.GAPS if isinstance(rule, GapOpen) else Topic.BARS


def timeframe_of(rule: SeriesRule) -> str:
    """Of the series that the rule judges; empty where a series has none."""
    return "" if topic_of(rule) is Topic.QUALITY else rule.timeframe
