"""Rules about changes of a symbol's primary source: one alert a change. It is an event, not a state, so nothing clears it."""

from collections.abc import Iterable

from msgspec import Struct, field

from processors.alerts.events import Cause, Place, alert_id, alert_of
from processors.alerts.machine import is_rested
from processors.alerts.rules import StoredRule, concerns
from runtime.stage import Output
from schemas.alerts import PrimaryChanged
from schemas.sources import PrimaryChange
from schemas.topics import Topic

KEPT = 256  # of a partition, for rules that are read later than they


class KeptChange(Struct, array_like=True):
    """offset: of its record. judged: ids of the rules that have seen it."""

    change: PrimaryChange
    offset: int
    judged: list[str] = []


class PrimaryBook(Struct, array_like=True):
    """kept: the newest, oldest first. raised_ns: by rule id and symbol, event time of the last raise."""

    kept: list[KeptChange] = []
    raised_ns: dict[str, dict[str, int]] = field(default_factory=dict)

    def take(self, change: PrimaryChange, offset: int, rules: Iterable[StoredRule]) -> list[Output]:
        """One change."""
        one = KeptChange(change, offset)
        self.kept.append(one)
        del self.kept[:-KEPT]
        return [output for stored in rules for output in self._judge(one, stored)]

    def start(self, stored: StoredRule) -> list[Output]:
        """A rule is new: changes that it came too late for."""
        return [output for one in self.kept for output in self._judge(one, stored)]

    def end(self, stored: StoredRule) -> None:
        """A rule is gone."""
        self.raised_ns.pop(stored.rule.id, None)
        for one in self.kept:
            if stored.rule.id in one.judged:
                one.judged.remove(stored.rule.id)

    def _judge(self, one: KeptChange, stored: StoredRule) -> list[Output]:
        rule, change = stored.rule, one.change
        if not isinstance(rule, PrimaryChanged) or not stored.holds_at(Topic.SOURCES, one.offset) or rule.id in one.judged:
            return []
        one.judged.append(rule.id)
        raised_ns = self.raised_ns.setdefault(rule.id, {})
        if not concerns(rule, change.symbol, change.source) or not is_rested(
            raised_ns.get(change.symbol), rule.cooldown_s, change.ts_event_ns
        ):
            return []
        raised_ns[change.symbol] = change.ts_event_ns
        place = Place(change.symbol, change.source, change.timeframe)
        cause = Cause(str(change.primary_epoch), change.previous, change.reason, "", change.ts_event_ns, change.known_at_ns)
        own = alert_id(stored, place, cause.mark, "raised")
        return [alert_of(stored, place, cause, "raised", "condition", own, own)]
