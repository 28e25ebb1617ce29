"""One partition of the stage `alerts`: bars, indicator records, gaps and changes of primary in, alerts out; control records change the rules."""

from collections.abc import Iterable
from typing import Any

import msgspec

from processors.alerts.events import Place
from processors.alerts.gaps import GapBook
from processors.alerts.measures import Sample, columns_of
from processors.alerts.primaries import PrimaryBook
from processors.alerts.rules import StoredRule, concerns, fault_of, timeframe_of, topic_of, version_of
from processors.alerts.samples import BAR_COLUMNS, bar_sample, decode_quality, indicator_sample, quality_sample
from processors.alerts.series import CORRECTED_BARS, History
from processors.alerts.sources import SourceBook
from processors.alerts.track import Track
from processors.decoding import decoded
from processors.state import Key, Series
from runtime.errors import InvalidRecord
from runtime.metrics import DROPPED
from runtime.stage import InputRecord, Output
from schemas.alerts import AlertReason, SeriesRule
from schemas.codec import decode_bar, decode_control, decode_gap, decode_indicators, decode_source
from schemas.control import RuleChange
from schemas.reasons import Reason
from schemas.sources import PrimaryChange
from schemas.topics import Topic

STAGE = "alerts"
MAX_RULES = 1000  # judged on every bar that they concern
_Rules = dict[str, StoredRule]


class AlertsCore:
    """State: the rules, a History per (topic, symbol, source, timeframe), what is known of gaps, sources and primaries.

    See runtime.stage.StageCore for the contract. The inputs come in any order among each other, and each rule judges one of them. A rule holds from
    a place in the log, so one that is read late judges what it missed: the same alerts with the same ids, whatever came first.
    """

    def __init__(self, corrected_bars: int = CORRECTED_BARS) -> None:
        self._corrected_bars = corrected_bars
        self._rules: _Rules = {}
        self._series: Series[History] = Series()
        self._gaps = GapBook()
        self._sources = SourceBook()
        self._primaries = PrimaryBook()
        self._concerned: dict[Key, list[StoredRule]] = {}  # by series, of all rules: known again at any time

    def apply(self, record: InputRecord) -> Iterable[Output]:
        """The alerts that this record leads to."""
        if record.topic is Topic.BARS:
            bar = decoded(decode_bar, record.value)
            key = (Topic.BARS.value, bar.symbol, bar.source, bar.timeframe)
            return self._judge(key, bar_sample(bar, record.offset)) + self._sources.take(bar, record.offset, self._rules.values())
        if record.topic is Topic.INDICATORS:
            event = decoded(decode_indicators, record.value)
            key = (Topic.INDICATORS.value, event.symbol, event.source, event.timeframe)
            return self._judge(key, indicator_sample(event, record.offset))
        if record.topic is Topic.QUALITY:
            window = decoded(decode_quality, record.value)
            return self._judge((Topic.QUALITY.value, window.symbol, window.source, ""), quality_sample(window, record.offset))
        if record.topic is Topic.GAPS:
            return self._gaps.take(decoded(decode_gap, record.value), record.offset, self._rules.values())
        if record.topic is Topic.SOURCES:
            change = decoded(decode_source, record.value)
            return self._primaries.take(change, record.offset, self._rules.values()) if isinstance(change, PrimaryChange) else []
        return self._change(decoded(decode_control, record.value))

    def snapshot(self) -> bytes:
        return self._series.pack(rules=list(self._rules.values()), gaps=self._gaps, sources=self._sources, primaries=self._primaries)

    def restore(self, snapshot: bytes) -> None:
        more = self._series.unpack(snapshot, History)
        convert: Any = msgspec.convert
        self._rules = {stored.rule.id: stored for stored in convert(more["rules"], list[StoredRule])}
        self._gaps, self._sources = convert(more["gaps"], GapBook), convert(more["sources"], SourceBook)
        self._primaries = convert(more.get("primaries", []), PrimaryBook)

    def _judge(self, key: Key, sample: Sample) -> list[Output]:
        rules = self._rules_of(key)
        history = self._series.get(key)
        if history is None:
            history = self._series[key] = History()
        if rules:
            history.unpack()
        try:
            at = history.place(sample)
        except LookupError:
            DROPPED.labels(STAGE, Reason.DUPLICATE).inc()
            return []
        if at is None:
            DROPPED.labels(STAGE, Reason.BEHIND_HISTORY).inc()
            return []
        self._series.touch(key)
        outputs, place, is_newest = list[Output](), Place(*key[1:]), at == len(history.samples) - 1 and sample.revision == 0
        for stored in rules:
            track = history.tracks.setdefault(stored.rule.id, Track(stored))
            if is_newest:
                outputs += track.judge(place, history.samples)
            else:
                outputs += track.judge_again(place, history.samples, history.first, sample)
        history.trim(self._columns_of(key, rules), self._corrected_bars)
        return outputs

    def _rules_of(self, key: Key) -> list[StoredRule]:
        """The rules that judge a series, in the order in which they were put."""
        found = self._concerned.get(key)
        if found is None:
            found = self._concerned[key] = [stored for stored in self._rules.values() if _judges(stored, key)]
        return found

    @staticmethod
    def _columns_of(key: Key, rules: Iterable[StoredRule]) -> set[str]:
        columns = set(BAR_COLUMNS) if key[0] == Topic.BARS else set()
        return columns.union(*(columns_of(stored.rule) for stored in rules if isinstance(stored.rule, SeriesRule)))

    def _change(self, change: RuleChange) -> list[Output]:
        stored = _stored_of(change)
        old = self._rules.get(change.rule_id)
        if stored and old and stored.version == old.version:
            return []  # the same rule again: what it found stays
        if stored and not old and len(self._rules) >= MAX_RULES:
            raise InvalidRecord(Reason.INVALID_FIELD, f"there are {MAX_RULES} rules already; remove one")
        outputs = self._end(old, "rule_changed" if stored else "rule_removed") if old else []
        self._concerned.clear()
        if stored:
            self._rules[change.rule_id] = stored
            outputs += self._start(stored)
        return outputs

    def _end(self, stored: StoredRule, reason: AlertReason) -> list[Output]:
        del self._rules[stored.rule.id]
        outputs = self._gaps.end(stored, reason) + self._sources.end(stored, reason)
        self._primaries.end(stored)
        for key, history in self._series.items():
            track = history.tracks.pop(stored.rule.id, None)
            if track is not None:
                outputs += track.end(Place(*key[1:]), history.samples, reason)
                self._series.touch(key)
        return outputs

    def _start(self, stored: StoredRule) -> list[Output]:
        """Judges what was read before the rule and comes after it in the log."""
        if not stored.rule.enabled:
            return []
        outputs = self._gaps.start(stored) + self._sources.start(stored) + self._primaries.start(stored)
        for key, history in self._series.items():
            if _judges(stored, key):
                history.unpack()
                track = history.tracks[stored.rule.id] = Track(stored)
                outputs += track.judge_again(Place(*key[1:]), history.samples, history.first, None)
                self._series.touch(key)
        return outputs


def _judges(stored: StoredRule, key: Key) -> bool:
    topic, symbol, source, timeframe = key
    rule = stored.rule
    return isinstance(rule, SeriesRule) and topic_of(rule) == topic and timeframe_of(rule) == timeframe and concerns(rule, symbol, source)


def _stored_of(change: RuleChange) -> StoredRule | None:
    """The rule of a `put`. Raises InvalidRecord for one that cannot be used."""
    if change.action == "remove":
        return None
    rule = change.rule
    if rule is None or rule.id != change.rule_id:
        raise InvalidRecord(Reason.INVALID_FIELD, "a put without its rule")
    if fault := fault_of(rule):
        raise InvalidRecord(Reason.INVALID_FIELD, fault)
    return StoredRule(rule, version_of(rule), change.from_offsets)
