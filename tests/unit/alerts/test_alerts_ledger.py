"""The ledger of rules: what holds after all changes, and where a change was cut off."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from runtime.errors import UserError
from runtime.settings import KafkaSettings
from runtime.stage import InputRecord
from schemas.codec import encode
from schemas.control import RuleChange
from schemas.partitioner import partition_of
from schemas.topics import Topic
from tests.unit.processors.alert_inputs import PRICE, as_records, closes, put, remove
from tickerplant.alerts.ledger import rules_of
from tickerplant.alerts.rule_files import rules_of as rules_of_file
from tickerplant.alerts.trial import partitions_of, tried


class StoredLog:
    """Stands in for tickerplant.alerts.log.Log."""

    def __init__(self, records: list[InputRecord]) -> None:
        self._records = records

    def bounds(self, topics: Any, partitions: Any) -> dict[tuple[Topic, int], tuple[int, int]]:
        return {(topic, number): (0, 1000) for topic in topics for number in partitions}

    def read(self, bounds: dict[tuple[Topic, int], tuple[int, int]]) -> Iterator[InputRecord]:
        for one in self._records:
            start, end = bounds.get((one.topic, one.partition), (0, 0))
            if start <= one.offset < end:
                yield one


def ledger(*changes: tuple[int, RuleChange]) -> Any:
    """(partition, change) each; changed one after the other."""
    records = [
        InputRecord(Topic.CONTROL, number, offset, None, encode(replace(change, changed_ns=offset)))
        for offset, (number, change) in enumerate(changes)
    ]
    return rules_of(StoredLog([*records, InputRecord(Topic.CONTROL, 0, 99, None, b"broken")]), 2)  # type: ignore[arg-type]


def test_the_last_change_of_each_rule_holds() -> None:
    other = PRICE | {"id": "a", "threshold": "7"}
    changes = [put(PRICE), put(other), put(other | {"threshold": "8"}), remove("high")]
    entries = ledger(*((0, change) for change in changes))
    assert list(entries) == ["a"]
    assert str(entries["a"].rule.threshold) == "8"


def test_a_change_that_was_cut_off_is_seen() -> None:
    old, new = put(PRICE), put(PRICE | {"threshold": "5"})
    entry = ledger((0, old), (1, old), (0, new))["high"]
    assert (str(entry.rule.threshold), entry.partitions) == ("5", {0})
    assert ledger((0, old), (1, old), (0, remove("high")))["high"].partitions == {1}


def test_a_trial_judges_the_newest_records_of_the_partitions_concerned() -> None:
    settings = KafkaSettings(partitions=8)
    number = partition_of("BTC-USDT", 8)
    rule = put(PRICE | {"symbols": ["BTC-USDT"]}).rule
    assert rule is not None
    assert partitions_of(rule, settings) == [number]
    assert partitions_of(replace(rule, symbols=("*",)), settings) == list(range(8))
    records = [replace_partition(one, number) for one in as_records(closes(99, 101, 99, 101))]
    records.insert(2, InputRecord(Topic.BARS, number, 50, None, b"broken"))
    found, judged = tried(rule, settings, StoredLog(records), 1000)  # type: ignore[arg-type]
    assert (judged, [one.state for one in found]) == (5, ["raised", "cleared", "raised"])
    assert tried(rule, settings, StoredLog(records), 10)[1] == 0  # type: ignore[arg-type]


def replace_partition(record: InputRecord, number: int) -> InputRecord:
    record.partition = number
    return record


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "holds no rule"),
        ("[1]", "rule 1: a rule is a JSON object"),
        ('[{"id": "a", "kind": "price_level"}]', "rule 1: Object missing required field"),
        ('{"id": "a", "kind": "source_down", "silent_s": NaN}', "silent_s: nan is not between"),
        ("[" * 100_000, "is no JSON"),
        ("\x00", "is no JSON"),
    ],
)
def test_files_that_hold_no_rules(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "rules.json"
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        rules_of_file({}, file)
    assert says in str(caught.value)
