"""Rules about gaps: raised when missing data is first heard of, cleared when the gap is filled or given up."""

from collections.abc import Iterable

from msgspec import Struct, field

from processors.alerts.events import Cause, Place, alert_id, alert_of, cleared
from processors.alerts.machine import is_rested
from processors.alerts.rules import StoredRule, concerns
from runtime.stage import Output
from schemas.alerts import AlertReason, GapOpen
from schemas.gaps import Gap
from schemas.topics import Topic

KEPT_GAPS = 1000  # of a partition; the oldest is forgotten
_REASONS: dict[str, AlertReason] = {"filled": "gap_filled", "partial": "gap_partial", "unfillable": "gap_unfillable"}


class KeptGap(Struct, array_like=True):
    """The newest that was heard of a gap. offset: of the record that first told of it. episodes: by rule id, alerts that stand."""

    gap: Gap
    offset: int
    episodes: dict[str, str] = field(default_factory=dict)


class GapBook(Struct, array_like=True):
    """kept: by gap_id, oldest first; a filled one stays, so that a process that is behind cannot open it again. raised_ns: by rule id and place, event time of the last raise."""

    kept: dict[str, KeptGap] = field(default_factory=dict)
    raised_ns: dict[str, dict[str, int]] = field(default_factory=dict)

    def take(self, gap: Gap, offset: int, rules: Iterable[StoredRule]) -> list[Output]:
        """One gap event."""
        known = self.kept.get(gap.gap_id)
        if known is None:
            return self._first(gap, offset, rules)
        if gap.state == "open" or known.gap.state == "filled":
            return []  # told by two processes, one behind the other: what the first has found out holds
        known.gap = gap
        return self._clear(known, rules, _REASONS[gap.state])

    def _first(self, gap: Gap, offset: int, rules: Iterable[StoredRule]) -> list[Output]:
        kept = self.kept[gap.gap_id] = KeptGap(gap, offset)
        outputs = [output for stored in rules for output in self._raise(kept, stored)]
        if len(self.kept) > KEPT_GAPS:
            outputs += self._clear(self.kept.pop(self._least()), rules, "forgotten")
        return outputs

    def _least(self) -> str:
        """Which gap to forget: the oldest that is filled, else the oldest."""
        return next((gap_id for gap_id, kept in self.kept.items() if kept.gap.state == "filled"), next(iter(self.kept)))

    def start(self, stored: StoredRule) -> list[Output]:
        """A rule is new: gaps that it came too late for."""
        return [output for kept in self.kept.values() for output in self._raise(kept, stored)]

    def end(self, stored: StoredRule, reason: AlertReason) -> list[Output]:
        """A rule is gone."""
        self.raised_ns.pop(stored.rule.id, None)
        return [output for kept in self.kept.values() for output in self._clear(kept, [stored], reason)]

    def _raise(self, kept: KeptGap, stored: StoredRule) -> list[Output]:
        gap, rule, place = kept.gap, stored.rule, Place(kept.gap.symbol, kept.gap.source)
        if not isinstance(rule, GapOpen) or not _matches(rule, gap) or not stored.holds_at(Topic.GAPS, kept.offset):
            return []
        raised_ns = self.raised_ns.setdefault(rule.id, {})
        last_ns = raised_ns.get("|".join(place))
        if rule.id in kept.episodes or not is_rested(last_ns, rule.cooldown_s, gap.to_ns):
            return []
        raised_ns["|".join(place)] = gap.to_ns
        own = alert_id(stored, place, gap.gap_id, "raised")
        if gap.state == "open":
            kept.episodes[rule.id] = own
        return [alert_of(stored, place, _cause(rule, gap), "raised", "condition", own, own)]

    def _clear(self, kept: KeptGap, rules: Iterable[StoredRule], reason: AlertReason) -> list[Output]:
        outputs = []
        for stored in rules:
            episode = kept.episodes.pop(stored.rule.id, None)
            if episode is not None and isinstance(stored.rule, GapOpen):
                outputs.append(cleared(stored, Place(kept.gap.symbol, kept.gap.source), _cause(stored.rule, kept.gap), reason, episode))
        return outputs


def _matches(rule: GapOpen, gap: Gap) -> bool:
    missing = gap.state != "filled" and gap.channel in rule.channels and gap.size >= rule.minimum_size
    return missing and concerns(rule, gap.symbol, gap.source)


def _cause(rule: GapOpen, gap: Gap) -> Cause:
    return Cause(gap.gap_id, gap.gap_id, str(gap.size), str(rule.minimum_size), gap.to_ns, gap.known_at_ns)
