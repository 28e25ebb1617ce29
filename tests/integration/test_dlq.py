"""`tickerplant dlq` on a real topic: what was refused can be found, counted and read to the byte."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import Result
from confluent_kafka.admin import AdminClient, NewTopic
from typer.testing import CliRunner

from runtime.dead_letters import dead_letter
from runtime.errors import UserError
from runtime.kafka import Publisher
from runtime.settings import KafkaSettings
from schemas.codec import encode
from schemas.headers import TRACE
from schemas.reasons import Reason
from schemas.topics import Topic
from tests.support import run_tickerplant
from tickerplant.cli.main import build

pytestmark = pytest.mark.stack

LETTERS = (
    (0, "ingest.binance", Reason.BROKEN_JSON, b'{"e":"trade","t":'),
    (1, "ingest.binance", Reason.FRAME_TOO_LARGE, b"x" * 300_000),
    (2, "validate", Reason.NON_POSITIVE_PRICE, b'{"kind":"trade","price":"-1"}'),
    (2, "bars", Reason.UNDECODABLE, b"\xff\x00\x1b[31mred\n"),
    (3, "ingest.binance", Reason.BROKEN_JSON, b"{"),
)


@pytest.fixture(scope="module")
def topics(stack: Any) -> Iterator[dict[str, dict[str, str]]]:
    """Two topics of our own, one with LETTERS and a record that is none: the environments that name them."""
    admin = AdminClient({"bootstrap.servers": stack.addresses.kafka})
    names = {name: f"dlq-{name}-{uuid4().hex[:10]}" for name in ("full", "empty")}
    for future in admin.create_topics([NewTopic(name, 4, 1) for name in names.values()]).values():
        future.result(30)
    _fill(names["full"], stack.addresses.kafka)
    yield {
        name: {
            "TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS": stack.addresses.kafka,
            "TICKERPLANT_KAFKA__TOPIC_NAMES": json.dumps({"market.dlq": physical}),
        }
        for name, physical in {**names, "absent": "never-made"}.items()
    }
    admin.delete_topics(list(names.values()))


@pytest.fixture
def letters(topics: dict[str, dict[str, str]]) -> dict[str, str]:
    return topics["full"]


def _fill(topic: str, bootstrap: str) -> None:
    publisher = Publisher(KafkaSettings(topic_names={Topic.DLQ: topic}), bootstrap)
    for index, (partition, stage, reason, payload) in enumerate(LETTERS):
        letter = dead_letter(
            stage=stage,
            topic="market.ticks.raw",
            partition=partition,
            offset=70 + index,
            reason=reason,
            error=f"letter {index}",
            payload=payload,
            ts_ns=1_723_161_255_342_000_000 + index,
            headers={"type": b"ticks"},
            source="binance",
            trace=f"trace-{index}",
        )
        publisher.send(Topic.DLQ, partition, encode(letter), b"BTC-USDT", {TRACE: b"t"})
        publisher.flush()
    publisher.send(
        Topic.DLQ, 3, b"what is this"
    )  # behind the newest letter: they may share a millisecond, and only a partition has an order
    publisher.flush()


def invoke(*words: str, env: dict[str, str]) -> Result:
    return CliRunner().invoke(build(), ("dlq", *words), env=env)


def listed(env: dict[str, str], *words: str) -> Any:
    done = invoke("list", "--json", *words, env=env)
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


def test_list(letters: dict[str, str]) -> None:
    answer = listed(letters)
    assert answer["total"] == 6
    assert answer["counts"] == {"broken_json": 2, "frame_too_large": 1, "non_positive_price": 1, "undecodable": 1, "unreadable": 1}
    assert [letter["error"] for letter in answer["letters"][:5]] == [f"letter {index}" for index in range(5)]
    assert answer["letters"][0] == {
        "partition": 0,
        "offset": 0,
        "reason": "broken_json",
        "stage": "ingest.binance",
        "ts": "2024-08-08T23:54:15.342Z",
        "source": "binance",
        "error": "letter 0",
        "topic": "market.ticks.raw",
        "input": "0:70",
        "size": 17,
        "trace": "trace-0",
    }
    text = invoke("list", env=letters).stdout
    assert "         2  broken_json: the frame is not JSON" in text
    assert text.splitlines()[-1] == "         6  dead letters"


def test_choice(letters: dict[str, str]) -> None:
    assert [letter["error"] for letter in listed(letters, "--reason", "broken_json")["letters"]] == ["letter 0", "letter 4"]
    assert [letter["error"] for letter in listed(letters, "--stage", "validate")["letters"]] == ["letter 2"]
    newest = listed(letters, "--stage", "ingest.binance", "--limit", "1")
    assert [letter["error"] for letter in newest["letters"]] == ["letter 4"]
    assert newest["total"] == 3


def test_show(letters: dict[str, str]) -> None:
    done = invoke("show", "0:0", env=letters)
    assert done.exit_code == 0, done.exception
    assert "meaning    the frame is not JSON" in done.stdout
    assert "header     type: ticks" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["payload:", '{"e":"trade","t":']


def test_hostile_bytes_stay_text(letters: dict[str, str]) -> None:
    """An escape sequence in a payload must not colour, move or retitle the terminal of who reads it."""
    done = invoke("show", "2:1", env=letters)
    assert "\x1b" not in done.stdout
    assert "\x00" not in done.stdout
    assert r"\xff\x00\x1b[31mred" in done.stdout
    answer = json.loads(invoke("show", "2:1", "--json", env=letters).stdout)
    assert answer["payload"] is None
    assert base64.b64decode(answer["payload_base64"]) == LETTERS[3][3]


def test_a_cut_payload_says_so(letters: dict[str, str]) -> None:
    answer = json.loads(invoke("show", "1:0", "--json", env=letters).stdout)
    assert answer["is_cut"] is True
    assert answer["size"] == 300_000
    assert len(answer["payload"]) == 262_144
    assert "payload, the first 262,144 of 300,000 bytes:" in invoke("show", "1:0", env=letters).stdout


def test_a_record_that_is_no_letter_is_shown_as_it_is(letters: dict[str, str]) -> None:
    done = invoke("show", "3:1", env=letters)
    assert "the record in the topic is no dead letter" in done.stdout
    assert done.stdout.rstrip().endswith("what is this")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("show", "0:99"), "has no letter at 0:99"),
        (("show", "9:0"), "has no partition 9"),
        (("show", "first"), "write PARTITION:OFFSET"),
    ],
)
def test_wrong_places(letters: dict[str, str], words: tuple[str, ...], sentence: str) -> None:
    done = invoke(*words, env=letters)
    assert isinstance(done.exception, UserError)
    assert sentence in str(done.exception)


def test_an_empty_topic(topics: dict[str, dict[str, str]]) -> None:
    assert listed(topics["empty"]) == {"total": 0, "counts": {}, "letters": []}
    assert invoke("list", env=topics["empty"]).stdout == "no dead letters\n"


def test_no_topic(topics: dict[str, dict[str, str]]) -> None:
    done = run_tickerplant("dlq", "list", env=topics["absent"])
    assert done.returncode == 2
    assert "tickerplant topics apply" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_broker(tmp_path: Path) -> None:
    done = invoke("list", "--data-dir", str(tmp_path), env={"TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"})
    assert isinstance(done.exception, UserError)
    assert str(done.exception).startswith("Kafka does not answer")
