"""What a rule would have said of the newest records of the log: the stage's own core, run here, nothing written."""

from collections.abc import Iterable, Iterator

from processors.alerts.core import AlertsCore
from runtime.errors import InvalidRecord
from runtime.settings import KafkaSettings
from runtime.stage import InputRecord
from schemas.alerts import Alert, AnyRule
from schemas.codec import decode_alert, encode
from schemas.control import RuleChange
from schemas.partitioner import partition_of
from schemas.topics import Topic
from tickerplant.alerts.ledger import JUDGED
from tickerplant.alerts.log import Log


def partitions_of(rule: AnyRule, settings: KafkaSettings) -> list[int]:
    """Where the symbols of a rule are."""
    if "*" in rule.symbols:
        return list(range(settings.partitions))
    return sorted({partition_of(symbol, settings.partitions) for symbol in rule.symbols})


def tried(rule: AnyRule, settings: KafkaSettings, log: Log, records: int) -> tuple[list[Alert], int]:
    """(alerts in order of event time, how many records were judged). records: at most so many of each topic and partition, the newest."""
    bounds = log.bounds(JUDGED, partitions_of(rule, settings))
    newest = {place: (max(first, end - records), end) for place, (first, end) in bounds.items()}
    judged, cores = 0, dict[int, AlertsCore]()
    alerts = []
    for record in log.read(newest):
        core = cores.get(record.partition)
        if core is None:
            core = cores[record.partition] = _core(rule)
        judged += 1
        alerts += list(_judged(core, record))
    return sorted(alerts, key=lambda alert: (alert.ts_event_ns, alert.known_at_ns)), judged


def _core(rule: AnyRule) -> AlertsCore:
    core = AlertsCore()
    _use(core.apply(InputRecord(Topic.CONTROL, 0, 0, None, encode(RuleChange("put", rule.id, rule, {}, 0)))))
    return core


def _use(outputs: Iterable[object]) -> None:
    """A rule that is new has nothing to say yet."""
    assert not list(outputs)


def _judged(core: AlertsCore, record: InputRecord) -> Iterator[Alert]:
    try:
        for output in core.apply(record):
            yield decode_alert(output.value)
    except InvalidRecord:
        return  # the stage makes a dead letter of it
