"""One rule on one series: what it has said, what it says of the next sample, and what a correction makes of that."""

from collections.abc import Sequence

from msgspec import Struct, field

from processors.alerts.events import Cause, Place, alert_id, alert_of, cleared
from processors.alerts.machine import Machine, Transition
from processors.alerts.measures import Sample, measured, subject_of, text_of
from processors.alerts.rules import StoredRule, topic_of
from runtime.stage import Output
from schemas.alerts import AlertReason, SeriesRule


class Said(Struct, array_like=True):
    """An event that was written about one of the kept samples. holds: False once it was withdrawn."""

    ts_open_ns: int
    state: Transition
    alert_id: str
    episode_id: str
    measured: str
    holds: bool = True


class Track(Struct, array_like=True):
    """base: the machine before the first sample that may still be corrected; head: after the newest; said: the events since base, oldest first.

    The events are what the machine gives on the samples as they are now: a correction runs it again from base, takes back what does not
    come again, and says what is new.
    """

    stored: StoredRule
    base: Machine = field(default_factory=Machine)
    head: Machine = field(default_factory=Machine)
    said: list[Said] = field(default_factory=list)

    @property
    def rule(self) -> SeriesRule:
        assert isinstance(self.stored.rule, SeriesRule)
        return self.stored.rule

    def judge(self, place: Place, samples: Sequence[Sample]) -> list[Output]:
        """The newest sample has come."""
        step = self._step(self.head, samples, len(samples) - 1)
        if step is None:
            return []
        return [self._say(place, samples[-1], *step, self.head, "condition")]

    def judge_again(self, place: Place, samples: Sequence[Sample], first: int, corrected: Sample | None) -> list[Output]:
        """All from `first` on, because a sample was corrected, or (None) because the rule is new. What is taken back comes before what is new."""
        reason: AlertReason = "correction" if corrected else "condition"
        known_at_ns = corrected.known_at_ns if corrected else 0
        machine, new, again = self.base.copy(), list[Output](), set[str]()
        for at in range(first, len(samples)):
            step = self._step(machine, samples, at)
            if step is None:
                continue
            known = self._known(samples[at].ts_open_ns, step[0], machine.episode)
            if known is None:
                new.append(self._say(place, samples[at], *step, machine, reason, known_at_ns))
                again.add(self.said[-1].alert_id)
            else:
                machine.episode = known.alert_id if step[0] == "raised" else ""
                again.add(known.alert_id)
        self.head = machine
        return self._take_back(place, samples, again, known_at_ns) + new

    def pass_over(self, samples: Sequence[Sample], at: int) -> None:
        """The sample will not be corrected any more: base moves over it."""
        ts_open_ns = samples[at].ts_open_ns
        step = self._step(self.base, samples, at)
        if step is not None:
            known = self._known(ts_open_ns, step[0], self.base.episode)
            self.base.episode = known.alert_id if known and step[0] == "raised" else ""
        self.said = [one for one in self.said if one.ts_open_ns > ts_open_ns]

    def end(self, place: Place, samples: Sequence[Sample], reason: AlertReason) -> list[Output]:
        """The rule is gone: an alert that stands is cleared."""
        if not self.head.episode or not samples:
            return []
        return [cleared(self.stored, place, self._cause(samples[-1], ""), reason, self.head.episode)]

    def _step(self, machine: Machine, samples: Sequence[Sample], at: int) -> tuple[Transition, str] | None:
        sample, rule = samples[at], self.rule
        number = measured(rule, samples, at)
        if number is None:
            return None
        state = machine.step(rule, number, sample.ts_close_ns, judges=self.stored.holds_at(topic_of(rule), sample.offset))
        if state is None:
            return None
        if state == "raised":
            machine.raised_ns = sample.ts_close_ns
        return state, text_of(number)

    def _known(self, ts_open_ns: int, state: Transition, episode: str) -> Said | None:
        """The standing event of this sample. One that clears must clear the same episode."""
        for one in self.said:
            if one.holds and one.ts_open_ns == ts_open_ns and one.state == state and (state == "raised" or one.episode_id == episode):
                return one
        return None

    def _say(
        self, place: Place, sample: Sample, state: Transition, number: str, machine: Machine, reason: AlertReason, known_at_ns: int = 0
    ) -> Output:
        before = sum(one.ts_open_ns == sample.ts_open_ns and one.state == state for one in self.said)
        own = alert_id(self.stored, place, str(sample.ts_open_ns), state, before)
        episode = own if state == "raised" else machine.episode
        machine.episode = own if state == "raised" else ""
        self.said.append(Said(sample.ts_open_ns, state, own, episode, number))
        return alert_of(self.stored, place, self._cause(sample, number, known_at_ns), state, reason, own, episode)

    def _take_back(self, place: Place, samples: Sequence[Sample], again: set[str], known_at_ns: int) -> list[Output]:
        by_time = {sample.ts_open_ns: sample for sample in samples}
        outputs = []
        for one in self.said:
            if not one.holds or one.alert_id in again:
                continue
            one.holds = False
            own = alert_id(self.stored, place, one.alert_id, "withdrawn")
            cause = self._cause(by_time[one.ts_open_ns], one.measured, known_at_ns)
            outputs.append(alert_of(self.stored, place, cause, "withdrawn", "correction", own, one.episode_id, one.alert_id))
        return outputs

    def _cause(self, sample: Sample, number: str, known_at_ns: int = 0) -> Cause:
        """known_at_ns: of the correction that showed it, if one did."""
        rule = self.rule
        return Cause(
            str(sample.ts_open_ns),
            subject_of(rule),
            number,
            text_of(rule.threshold),
            sample.ts_close_ns,
            max(sample.known_at_ns, known_at_ns),
            sample.revision,
        )
