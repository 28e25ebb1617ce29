"""Kafka clients: an outage is told once, refused settings are the user's to mend, and a record that waits never expires."""

from pathlib import Path

import pytest
import structlog
from confluent_kafka import KafkaError, KafkaException
from structlog.testing import capture_logs

from runtime.clock import ManualClock
from runtime.errors import TransientError, UserError
from runtime.kafka import ConnectionLog, Publisher, admin_client, consumer, said
from runtime.settings import KafkaSettings
from schemas.topics import Topic

NOWHERE = "127.0.0.1:9"


def test_an_outage_is_told_once_and_the_next_one_again() -> None:
    clock = ManualClock()
    log, down = ConnectionLog(clock), KafkaError(KafkaError._ALL_BROKERS_DOWN)
    with capture_logs() as lines:
        for _ in range(50):
            clock.advance_s(1)
            log(down)
        log(KafkaError(KafkaError._AUTHENTICATION))
        assert [line["kind"] for line in lines] == ["_ALL_BROKERS_DOWN", "_AUTHENTICATION"]
        clock.advance_s(31)
        log(down)
    assert [line["kind"] for line in lines[2:]] == ["_ALL_BROKERS_DOWN"]


def test_a_command_without_logs_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    structlog.reset_defaults()
    client = consumer(KafkaSettings(), NOWHERE, "none")
    with pytest.raises(KafkaException) as caught:
        client.list_topics(timeout=0.5)
    client.poll(0)
    client.close()
    assert capfd.readouterr() == ("", "")
    assert "KafkaError{" not in said(caught.value)


def test_an_outage_is_in_the_log_once_and_there_is_no_raw_line(capfd: pytest.CaptureFixture[str]) -> None:
    with capture_logs() as lines:
        publisher = Publisher(KafkaSettings(), NOWHERE)
        publisher.send(Topic.DLQ, 0, b"x")
        with pytest.raises(TransientError):
            publisher.flush(1.0)
    assert {line["event"] for line in lines} == {"kafka_connection"}
    assert len(lines) == len({line["kind"] for line in lines})
    assert capfd.readouterr() == ("", "")


def test_what_waits_is_kept_however_long_the_broker_is_away() -> None:
    publisher = Publisher(KafkaSettings(), NOWHERE)
    publisher.send(Topic.DLQ, 0, b"x")
    for _ in range(2):
        with pytest.raises(TransientError, match="1 records not delivered"):
            publisher.flush(0.2)
    assert publisher.waiting() == 1


def test_refused_settings_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    kafka = KafkaSettings(security_protocol="SSL", ssl_ca_location=tmp_path / "ca.pem")
    for make in (lambda: Publisher(kafka, NOWHERE), lambda: consumer(kafka, NOWHERE, "none"), lambda: admin_client(kafka, NOWHERE)):
        with pytest.raises(UserError, match=r"Kafka's client refuses the settings: .*ssl\.ca\.location"):
            make()


def test_callbacks_and_options_go_through_under_their_names() -> None:
    consumer(KafkaSettings(), NOWHERE, "none", stats_cb=print, on_commit=print, queued_max_messages_kbytes=4096).close()
    with pytest.raises(UserError, match=r"no\.such\.option"):
        consumer(KafkaSettings(), NOWHERE, "none", no_such_option=1)
