"""Topics: created once, compared, corrected where that is safe, refused where it is not."""

import json

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from runtime.errors import TransientError, UserError
from runtime.settings import KafkaSettings
from runtime.topic_admin import Difference, apply, check
from schemas.topics import SPECS, Topic
from tests.support import eventually, run_tickerplant


def set_retention(line, topic: Topic, value: str) -> None:
    entry = ConfigEntry("retention.ms", value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, line.settings.kafka.topic(topic), incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": line.addresses.kafka})  # kept: its answers end with it
    for answer in admin.incremental_alter_configs([resource]).values():
        answer.result()
    # The controller has answered; the broker that is asked hears of it a moment later.
    eventually(lambda: retention(line, topic) == value)


def retention(line, topic: Topic) -> str:
    admin = AdminClient({"bootstrap.servers": line.addresses.kafka})
    [answer] = admin.describe_configs([ConfigResource(ResourceType.TOPIC, line.settings.kafka.topic(topic))]).values()
    return answer.result()["retention.ms"].value


def test_a_second_apply_changes_nothing(line) -> None:
    assert apply(line.settings.kafka, line.addresses.kafka) == []


def test_another_retention_is_found_and_corrected(line) -> None:
    kafka, bootstrap = line.settings.kafka, line.addresses.kafka
    set_retention(line, Topic.BARS, "1000")
    wanted = Difference(kafka.topic(Topic.BARS), "retention.ms", str(SPECS[Topic.BARS].retention_ms), "1000")
    assert check(kafka, bootstrap) == [wanted]
    assert apply(kafka, bootstrap) == [wanted]
    assert eventually(lambda: check(kafka, bootstrap) == [])


def test_state_topics_are_compacted(line) -> None:
    resource = ConfigResource(ResourceType.TOPIC, line.settings.kafka.topic(Topic.STATE_BARS))
    admin = AdminClient({"bootstrap.servers": line.addresses.kafka})
    [answer] = admin.describe_configs([resource]).values()
    assert answer.result()["cleanup.policy"].value == "compact"


def test_another_partition_count_is_refused_and_nothing_changes(line) -> None:
    set_retention(line, Topic.BARS, "1000")
    other = line.settings.kafka.model_copy(update={"partitions": 7})
    with pytest.raises(UserError, match=r"has 4 partitions, the settings say 7: the count never changes under data"):
        apply(other, line.addresses.kafka)
    assert [one.what for one in check(line.settings.kafka, line.addresses.kafka)] == ["retention.ms"]


def test_a_broker_that_is_not_there_is_transient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.topic_admin._TIMEOUT_S", 0.5)
    with pytest.raises(TransientError, match="does not answer"):
        check(KafkaSettings(), "127.0.0.1:9")


def test_the_commands(line) -> None:
    set_retention(line, Topic.DLQ, "1000")
    found = run_tickerplant("topics", "check", "--json", env=line.env())
    assert found.returncode == 1
    assert [one["found"] for one in json.loads(found.stdout)["differences"]] == ["1000"]
    assert "retention.ms was 1000, set" in run_tickerplant("topics", "apply", env=line.env()).stdout
    good = eventually(lambda: (done := run_tickerplant("topics", "check", env=line.env())).returncode == 0 and done)
    assert (good.returncode, good.stdout) == (0, "topics are as the settings say\n")
