"""Rules about sources that fall silent. The log alone tells the time: that of the newest bar of any series of the partition."""

from collections.abc import Iterable

from msgspec import Struct, field

from processors.alerts.events import Cause, Place, alert_id, alert_of, cleared
from processors.alerts.machine import is_rested
from processors.alerts.rules import StoredRule, concerns
from runtime.stage import Output
from schemas.alerts import AlertReason, SourceDown
from schemas.bars import Bar
from schemas.timeframes import SECOND_NS
from schemas.topics import Topic


class Heard(Struct, array_like=True):
    """One symbol and source. heard_ns: known_at_ns of its newest bar. episodes, raised_ns: by rule id."""

    place: Place
    heard_ns: int
    episodes: dict[str, str] = field(default_factory=dict)
    raised_ns: dict[str, int] = field(default_factory=dict)


class SourceBook(Struct, array_like=True):
    """heard: by place, the longest silent first. now_ns: newest known_at_ns of the partition. offset: of the newest bar, -1 before the first."""

    heard: dict[str, Heard] = field(default_factory=dict)
    now_ns: int = 0
    offset: int = -1

    def take(self, bar: Bar, offset: int, rules: Iterable[StoredRule]) -> list[Output]:
        """One bar: its source is not silent, and others may be."""
        key = f"{bar.symbol}|{bar.source}"
        one = self.heard.pop(key, None) or Heard(Place(bar.symbol, bar.source), bar.known_at_ns)
        one.heard_ns = max(one.heard_ns, bar.known_at_ns)
        self.heard[key] = one
        self.now_ns = max(self.now_ns, bar.known_at_ns)
        self.offset = offset
        rules = [stored for stored in rules if isinstance(stored.rule, SourceDown)]
        return self._clear(one, rules, "data") + [output for stored in rules for output in self.start(stored)]

    def start(self, stored: StoredRule) -> list[Output]:
        """Judges as of the newest bar."""
        rule, outputs = stored.rule, list[Output]()
        if not isinstance(rule, SourceDown) or not stored.holds_at(Topic.BARS, self.offset):
            return outputs
        silent_ns = round(rule.silent_s * SECOND_NS)
        for one in self.heard.values():
            if self.now_ns - one.heard_ns <= silent_ns:
                break
            if rule.id not in one.episodes and concerns(rule, *one.place[:2]):
                outputs += self._raise(stored, rule, one, one.heard_ns + silent_ns)
        return outputs

    def end(self, stored: StoredRule, reason: AlertReason) -> list[Output]:
        """A rule is gone."""
        outputs = [output for one in self.heard.values() for output in self._clear(one, [stored], reason)]
        for one in self.heard.values():
            one.raised_ns.pop(stored.rule.id, None)
        return outputs

    def _raise(self, stored: StoredRule, rule: SourceDown, one: Heard, down_ns: int) -> list[Output]:
        """The time of the alert is when the silence became too long, whatever bar showed it."""
        if not is_rested(one.raised_ns.get(rule.id), rule.cooldown_s, down_ns):
            return []
        own = alert_id(stored, one.place, str(one.heard_ns), "raised")
        one.episodes[rule.id], one.raised_ns[rule.id] = own, down_ns
        return [alert_of(stored, one.place, self._cause(rule, one, down_ns), "raised", "condition", own, own)]

    def _clear(self, one: Heard, rules: Iterable[StoredRule], reason: AlertReason) -> list[Output]:
        outputs = []
        for stored in rules:
            episode = one.episodes.pop(stored.rule.id, None)
            if episode is not None and isinstance(stored.rule, SourceDown):
                outputs.append(cleared(stored, one.place, self._cause(stored.rule, one, one.heard_ns), reason, episode))
        return outputs

    def _cause(self, rule: SourceDown, one: Heard, ts_ns: int) -> Cause:
        limit = f"{rule.silent_s:g}"
        return Cause(str(one.heard_ns), "silence", limit, limit, ts_ns, self.now_ns)
