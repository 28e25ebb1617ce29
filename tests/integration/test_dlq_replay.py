"""`tickerplant dlq replay` on real topics: what was refused goes into the line again, and what does not is told with its reason."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Message
from confluent_kafka.admin import AdminClient, NewTopic
from typer.testing import CliRunner

from runtime.dead_letters import dead_letter
from runtime.kafka import Publisher
from runtime.settings import KafkaSettings
from schemas.codec import decode_ticks, encode
from schemas.reasons import Reason
from schemas.ticks import TickEnvelope
from schemas.topics import Topic
from tests.unit.processors.inputs import quote, trade
from tickerplant.cli.main import build

pytestmark = pytest.mark.stack

LISTED = b'{"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC","quoteAsset":"USDT"}]}'
FRAME = b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255342,"s":"BTCUSDT","t":9,"p":"61652.00","q":"0.5","T":1723161255340,"m":true,"M":true}}'
LETTERS = (
    ("validate", "market.ticks.raw", 0, encode(trade(7)), {"contiguous": b"1"}),
    ("validate", "market.ticks.raw", 1, encode(quote(7)), {}),
    ("ingest.binance", "socket", -1, FRAME, {}),
    ("ingest.binance", "socket", -1, b"{", {}),
    ("ingest.yahoo", "socket", -1, b"{}", {}),
    ("bars", "market.bars.raw", -1, b'{"a":1}', {"type": b"bar", "id": b"1:1"}),
)


class _Exchange(BaseHTTPRequestHandler):
    """Tells which symbols it lists, whatever it is asked."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(LISTED)))
        self.end_headers()
        self.wfile.write(LISTED)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def exchange() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Exchange)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def topics(stack: Any) -> Iterator[dict[Topic, str]]:
    """Topics of our own, with LETTERS in the one of the dead letters."""
    admin = AdminClient({"bootstrap.servers": stack.addresses.kafka})
    names = {topic: f"again-{topic.value}-{uuid4().hex[:10]}" for topic in (Topic.DLQ, Topic.TICKS_RAW, Topic.BARS_RAW)}
    for future in admin.create_topics([NewTopic(name, 8, 1) for name in names.values()]).values():
        future.result(60)
    publisher = Publisher(KafkaSettings(topic_names=names), stack.addresses.kafka)
    fields = {
        "partition": 3,
        "offset": 0,
        "reason": Reason.INVALID_FIELD,
        "error": "?",
        "ts_ns": 1_723_161_255_342_000_000,
        "source": "binance",
    }
    for stage, topic, index, payload, headers in LETTERS:
        letter = dead_letter(stage=stage, topic=topic, index=index, payload=payload, headers=headers, **fields)  # type: ignore[arg-type]
        publisher.send(Topic.DLQ, 0, encode(letter))
    publisher.flush()
    yield names
    admin.delete_topics(list(names.values()))


def _read(bootstrap: str, name: str, partitions: int = 8) -> list[Message]:
    """All that a topic holds."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "reader", "auto.offset.reset": "earliest", "enable.partition.eof": True}
    )
    consumer.subscribe([name])
    found, ended = [], 0
    while ended < partitions:
        message = consumer.poll(30)
        assert message is not None
        if message.error():
            ended += 1
        else:
            found.append(message)
    consumer.close()
    return found


def test_what_was_refused_is_sent_again(stack: Any, topics: dict[Topic, str], exchange: str) -> None:
    environment = {
        "TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS": stack.addresses.kafka,
        "TICKERPLANT_KAFKA__TOPIC_NAMES": json.dumps({topic.value: name for topic, name in topics.items()}),
        "TICKERPLANT_BINANCE__REST_URL": exchange,
        "TICKERPLANT_BINANCE__SYMBOLS": '["BTC-USDT"]',
    }

    def replay(*words: str) -> Any:
        done = CliRunner().invoke(build(), ("dlq", "replay", "--json", *words), env=environment)
        assert done.exit_code == 0, done.exception
        return json.loads(done.stdout)

    first = replay()
    assert first == {
        "applied": False,
        "letters": 6,
        "sent": {"market.ticks.raw": 2, "market.bars.raw": 1},
        "left_out": {
            "a quote: newer ones have taken its place": 1,
            "the parser refuses the frame still (broken_json)": 1,
            "a frame of yahoo: its ingestor asks again for what it could not read": 1,
        },
    }
    assert _read(stack.addresses.kafka, topics[Topic.TICKS_RAW]) == []
    assert replay("--apply") == first | {"applied": True}
    envelopes = [decode_ticks(message.value() or b"") for message in _read(stack.addresses.kafka, topics[Topic.TICKS_RAW])]
    ticks = [tick for envelope in envelopes if isinstance(envelope, TickEnvelope) for tick in envelope.ticks]
    assert [(tick.trade_id, tick.price, tick.filled) for tick in ticks] == [(7, "100", True), (9, "61652.00", True)]  # type: ignore[union-attr]
    (bar,) = _read(stack.addresses.kafka, topics[Topic.BARS_RAW])
    assert (bar.partition(), bar.value(), bar.headers()) == (3, b'{"a":1}', [("type", b"bar")])
    assert replay("0:3", "--apply")["sent"] == {}
    text = CliRunner().invoke(build(), ("dlq", "replay", "--stage", "validate"), env=environment).stdout.splitlines()
    assert text[0].endswith("would be sent to market.ticks.raw")
    assert text[-1] == "nothing was sent; --apply sends them"
