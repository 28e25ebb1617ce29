"""The rules as the ledger market.control says, and changes of them: one record in every partition."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from processors.alerts.agent import INPUTS
from runtime.clock import Clock
from runtime.errors import FatalError, TransientError, UserError
from runtime.kafka import Publisher
from runtime.settings import KafkaSettings
from schemas.alerts import AnyRule
from schemas.codec import DecodeError, decode_control, encode
from schemas.control import RuleChange
from schemas.headers import TYPE
from schemas.topics import Topic
from tickerplant.alerts.log import Log

JUDGED = tuple(topic for topic in INPUTS if topic is not Topic.CONTROL)
_DELIVERY_TIMEOUT_S = 15.0


@dataclass
class Entry:
    """A rule of the ledger. partitions: those that have it; all of them, unless a change was cut off."""

    rule: AnyRule
    changed_ns: int
    partitions: set[int] = field(default_factory=set)


def rules_of(log: Log, partitions: int) -> dict[str, Entry]:
    """All rules, by id, as the ledger stands now. Where partitions disagree (a change that was cut off), the newest change counts."""
    held: dict[int, dict[str, RuleChange]] = {number: {} for number in range(partitions)}
    for record in log.read(log.bounds([Topic.CONTROL], range(partitions))):
        try:
            change = decode_control(record.value)
        except DecodeError:
            continue  # the stage has made a dead letter of it
        if change.action == "put":
            held[record.partition][change.rule_id] = change
        else:
            held[record.partition].pop(change.rule_id, None)
    entries: dict[str, Entry] = {}
    for number, changes in held.items():
        for rule_id, change in changes.items():
            _add(entries, rule_id, change, number)
    return dict(sorted(entries.items()))


def _add(entries: dict[str, Entry], rule_id: str, change: RuleChange, number: int) -> None:
    if change.rule is None:
        return
    known = entries.get(rule_id)
    if known is None or change.changed_ns > known.changed_ns:
        entries[rule_id] = Entry(change.rule, change.changed_ns, {number})
    elif change.changed_ns == known.changed_ns:
        known.partitions.add(number)


def change_rules(
    settings: KafkaSettings, bootstrap: str, log: Log, clock: Clock, puts: Iterable[AnyRule] = (), removed: Iterable[str] = ()
) -> None:
    """Writes the changes to every partition and returns when the broker has them. Raises UserError if it does not answer: then run it again."""
    bounds, now_ns = log.bounds([*JUDGED, Topic.CONTROL], range(settings.partitions)), clock.now_ns()
    publisher = Publisher(settings, bootstrap)
    rules, gone = list(puts), list(removed)
    for number in range(settings.partitions):
        ends = {topic.value: bounds[topic, number][1] for topic in JUDGED}
        changes = [RuleChange("put", rule.id, rule, ends, now_ns) for rule in rules]
        changes += [RuleChange("remove", rule_id, None, ends, now_ns) for rule_id in gone]
        for change in changes:
            publisher.send(Topic.CONTROL, number, encode(change), change.rule_id.encode(), {TYPE: b"control"})
    try:
        publisher.flush(_DELIVERY_TIMEOUT_S)
    except (FatalError, TransientError) as error:
        raise UserError(f"the change is perhaps not in every partition ({error}); run the same command again") from None
