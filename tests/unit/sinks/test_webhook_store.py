"""The webhook sink against a real HTTP server on loopback: what is delivered, tried again, refused, given up, and when positions move."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pydantic import SecretStr

from runtime.clock import ManualClock
from runtime.errors import UserError
from runtime.faults import KillPoints
from runtime.settings import Settings, WebhookSettings
from schemas.codec import decode_dead_letter
from schemas.reasons import Reason
from schemas.topics import Topic
from sinks.store import StoreDown
from sinks.webhook.client import MAX_RETRY_AFTER_S, WebhookClient
from sinks.webhook.signature import signature_of
from sinks.webhook.store import WebhookStore
from sinks.webhook.worker import run
from tests.sink_events import record
from tests.sinks_world import Log
from tests.webhook_server import SECRET, WebhookServer, alert, webhook_server

PLACE = (Topic.ALERTS, 0)
NOW_NS = 1_723_161_480_000_000_000


class Letters:
    """Stands in for the publisher of dead letters."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.delivered = 0

    def send(self, topic: Topic, _partition: int, value: bytes, _key: bytes | None, _headers: Mapping[str, bytes]) -> None:
        assert topic is Topic.DLQ
        self.sent.append(decode_dead_letter(value))

    def flush(self, _timeout_s: float) -> None:
        self.delivered = len(self.sent)


@pytest.fixture
def server() -> Iterator[WebhookServer]:
    with webhook_server() as world:
        yield world


@pytest.fixture
def letters() -> Letters:
    return Letters()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_NS)


@pytest.fixture
def log() -> Log:
    return Log()


Make = Callable[..., WebhookStore]


@pytest.fixture
def make(server: WebhookServer, letters: Letters, clock: ManualClock, log: Log) -> Iterator[Make]:
    stores: list[WebhookStore] = []

    def store(*urls: str, **more: Any) -> WebhookStore:
        fields = {"secret": SECRET, "timeout_s": 2} | more
        settings = WebhookSettings(urls=[SecretStr(url) for url in urls or (server.url,)], **fields)
        stores.append(WebhookStore("sink-webhook", settings, log, lambda: letters, KillPoints("sink-webhook"), clock))  # type: ignore[arg-type,return-value]
        stores[-1].begin([PLACE])
        return stores[-1]

    yield store
    for one in stores:
        one.close()


def take(store: WebhookStore, *numbers: int) -> None:
    for offset, number in enumerate(numbers):
        store.take(record(Topic.ALERTS, offset, alert(number)))


def test_every_alert_is_posted_in_order_signed_and_then_the_positions_move(make: Make, server: WebhookServer, log: Log) -> None:
    store = make()
    take(store, 1, 2, 3)
    assert (store.waiting_records, store.waiting_rows, server.received) == (3, 3, [])
    store.flush()
    assert [one.alert for one in server.received] == [alert(1), alert(2), alert(3)]
    assert all(one.is_signed() and not one.is_signed("another secret, as long") for one in server.received)
    assert server.keys() == [one.alert.alert_id for one in server.received]
    first = server.received[0]
    assert (first.path, first.headers["Content-Type"]) == ("/hook?token=pencil", "application/json")
    assert first.headers["X-Tickerplant-Timestamp"] == str(NOW_NS // 10**9)
    assert log.positions == store.stored == {PLACE: 3}
    assert (store.waiting_records, store.waiting_rows) == (0, 0)


def test_the_signature_is_that_of_the_guide() -> None:
    expected = hmac.new(b"key", b"7.{}", hashlib.sha256).hexdigest()
    assert signature_of("key", 7, b"{}") == f"v1={expected}"


def test_without_a_secret_there_is_no_signature(make: Make, server: WebhookServer) -> None:
    store = make(secret=None)
    take(store, 1)
    store.flush()
    assert "X-Tickerplant-Signature" not in server.received[0].headers


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408, 0])
def test_a_receiver_that_fails_is_tried_again_later_and_nothing_moves_before(
    make: Make, server: WebhookServer, clock: ManualClock, log: Log, status: int
) -> None:
    store = make()
    take(store, 1, 2)
    server.answers = [(204, {}), (status, {})]
    with pytest.raises(StoreDown, match=r"127\.0\.0\.1 \(0\)") as caught:
        store.flush()
    assert "pencil" not in str(caught.value)
    with pytest.raises(StoreDown):
        store.flush()  # too early: nothing is sent
    with pytest.raises(StoreDown):
        store.ping()
    assert (len(server.received), log.positions) == (2, {})
    clock.advance_s(0.2)
    store.flush()
    store.ping()
    assert server.keys() == [alert(number).alert_id for number in (1, 2, 2)]
    assert log.positions == {PLACE: 2}


def test_pauses_grow_up_to_half_a_minute(make: Make, server: WebhookServer, clock: ManualClock) -> None:
    store = make()
    take(store, 1)
    server.answers = [(500, {})] * 12
    for pause_s in (0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30):
        with pytest.raises(StoreDown):
            store.flush()
        sent = len(server.received)
        clock.advance_s(pause_s - 0.01)
        with pytest.raises(StoreDown):
            store.flush()
        assert len(server.received) == sent
        clock.advance_s(0.02)


@pytest.mark.parametrize(
    ("wish", "pause_s"),
    [("7", 7), ("Fri, 09 Aug 2024 00:00:00 GMT", 2520 - 2400), ("99999999", MAX_RETRY_AFTER_S), ("soon", 0.2), ("-5", 0.2), ("", 0.2)],
)
def test_retry_after_is_honoured(make: Make, server: WebhookServer, clock: ManualClock, wish: str, pause_s: float) -> None:
    clock.set_ns(1_723_161_480 * 10**9)  # 23:58:00
    store = make(give_up_after_s=86_400)
    take(store, 1)
    server.answers = [(503, {"Retry-After": wish})]
    with pytest.raises(StoreDown):
        store.flush()
    clock.advance_s(pause_s - 0.1)
    with pytest.raises(StoreDown):
        store.flush()
    clock.advance_s(0.2)
    store.flush()
    assert len(server.received) == 2


@pytest.mark.parametrize("status", [400, 401, 404, 410, 301, 307])
def test_what_a_receiver_refuses_is_a_dead_letter_and_the_rest_goes_on(
    make: Make, server: WebhookServer, letters: Letters, log: Log, status: int
) -> None:
    store = make()
    take(store, 1, 2)
    server.answers = [(status, {"Location": server.url + "&elsewhere"})]
    store.flush()
    assert server.keys() == [alert(1).alert_id, alert(2).alert_id]  # a redirect is not followed
    (letter,) = letters.sent
    assert (letter.reason, letter.offset, letter.index, letter.stage) == (Reason.REFUSED_BY_RECEIVER, 0, 0, "sink-webhook")
    assert f"status {status}" in letter.error
    assert "pencil" not in letter.error
    assert (letters.delivered, log.positions) == (1, {PLACE: 2})


def test_a_receiver_that_fails_too_long_gets_one_attempt_an_alert(
    make: Make, server: WebhookServer, clock: ManualClock, letters: Letters, log: Log
) -> None:
    store = make(give_up_after_s=60)
    take(store, 1, 2)
    server.answers = [(500, {})] * 3
    with pytest.raises(StoreDown):
        store.flush()
    clock.advance_s(60)
    store.flush()
    assert server.keys() == [alert(number).alert_id for number in (1, 1, 2)]
    assert [letter.reason for letter in letters.sent] == [Reason.UNDELIVERED] * 2
    assert log.positions == {PLACE: 2}
    take(store, 3)
    store.flush()
    assert len(letters.sent) == 2


def test_one_receiver_that_is_away_does_not_keep_an_alert_from_the_others(make: Make, server: WebhookServer, clock: ManualClock) -> None:
    with webhook_server() as other:
        store = make(server.url, other.url)
        take(store, 1)
        server.answers = [(500, {})]
        with pytest.raises(StoreDown, match=r"\(0\)"):
            store.flush()
        clock.advance_s(1)
        store.flush()
        assert (len(server.received), len(other.received)) == (2, 1)


def test_repeats_are_posted_once_and_what_was_forgotten_not_at_all(make: Make, server: WebhookServer, log: Log) -> None:
    store = make()
    take(store, 1, 1, 2)
    store.flush()
    take(store, 2, 3)
    store.forget()
    store.begin([PLACE])
    take(store, 1, 2, 4)
    store.flush()
    assert server.keys() == [alert(number).alert_id for number in (1, 2, 4)]


def test_records_that_are_no_alerts_are_dead_letters(make: Make, server: WebhookServer, letters: Letters, log: Log) -> None:
    store = make()
    bad = [b"\xff", b'{"alert_id": 5}', alert(1, alert_id="a\r\nb"), b'{"a":' + b"[" * 100_000]
    for offset, event in enumerate(bad):
        store.take(record(Topic.ALERTS, offset, event))
    store.take(record(Topic.ALERTS, 4, alert(2)))
    store.flush()
    assert [letter.reason for letter in letters.sent] == [
        Reason.UNDECODABLE,
        Reason.INVALID_SCHEMA,
        Reason.INVALID_FIELD,
        Reason.UNDECODABLE,
    ]
    assert [letter.index for letter in letters.sent] == [-1] * 4
    assert server.keys() == [alert(2).alert_id]
    assert log.positions == {PLACE: 5}


def test_an_absent_receiver_fails(clock: ManualClock) -> None:
    client = WebhookClient(0, "http://127.0.0.1:1/x", WebhookSettings(), clock)
    assert client.post(b"{}", "a").result == "failed"
    client.close()


def test_a_process_without_receivers_says_what_to_set() -> None:
    with pytest.raises(UserError, match=r"sink\.webhook\.urls"):
        run(Settings())
