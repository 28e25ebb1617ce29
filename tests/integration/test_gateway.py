"""The gateway as a process on a real Kafka: clients get every record, in order, and cannot hurt one another."""

import asyncio
import itertools
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from schemas.identity import Identity
from schemas.topics import Topic
from tests.gateway_support import (
    Client,
    Feeder,
    Gateway,
    alert,
    bar,
    client_of,
    indicators,
    order_book,
    quote,
    running_gateway,
    signal,
    start_gateway,
    trade,
)
from tests.support import eventually, run_tickerplant
from tickerplant.stack.ports import free_port

pytestmark = pytest.mark.stack
_names = (f"T{number}-USD" for number in itertools.count())


@pytest.fixture(scope="module")
def gateway(module_line: Any) -> Iterator[Gateway]:
    """One for the tests that do not end it; each takes symbols of its own."""
    with running_gateway(
        module_line, TICKERPLANT_GATEWAY__MAX_SUBSCRIPTIONS="20", TICKERPLANT_GATEWAY__MAX_MESSAGE_BYTES="4096"
    ) as started:
        yield started


@pytest.fixture(scope="module")
def feeder(module_line: Any) -> Feeder:
    return Feeder(module_line)


@pytest.fixture
def symbol() -> str:
    return next(_names)


@pytest.fixture
async def client(gateway: Gateway) -> AsyncIterator[Client]:
    async with client_of(gateway) as connected:
        yield connected


async def test_every_tick_comes_in_order(gateway: Gateway, feeder: Feeder, client: Client) -> None:
    symbols = [next(_names) for _ in range(5)]
    async with client_of(gateway) as wild:
        await wild.send(action="subscribe", channel="ticks", symbol="*")
        await wild.until("subscribed")
        await client.subscribe("ticks", symbols[0])
        for number in range(1, 1501):
            for each in symbols:
                feeder.ticks(trade(number, each) if number % 3 else quote(number, each))
        feeder.flush()
        alone = [message["source_seq"] for message in await client.updates(1500)]
        assert alone == list(range(1, 1501))
        heard: dict[str, list[int]] = {each: [] for each in symbols}
        while sum(map(len, heard.values())) < 7500:
            message = await wild.until("update")
            heard.get(message["symbol"], []).append(message["source_seq"])
        assert heard == dict.fromkeys(symbols, alone)


async def test_subscription_in_the_middle_of_a_stream_has_no_hole(feeder: Feeder, client: Client, symbol: str) -> None:
    async def feed() -> None:
        for number in range(1, 801):
            feeder.ticks(trade(number, symbol), trade(number, f"{symbol}2") if number == 1 else quote(0, symbol, seq=0, update_id=number))
            if not number % 20:
                await asyncio.sleep(0)

    feeding = asyncio.create_task(feed())
    snapshot = await client.subscribe("ticks", symbol)
    await feeding
    feeder.flush()
    trades = [item["source_seq"] for item in snapshot["items"] if item["kind"] == "trade"]
    first = trades[-1] + 1 if trades else 1
    seen: list[int] = []
    while not seen or seen[-1] < 800:  # Client.receive checks prev of each against the snapshot and the update before
        message = await client.until("update")
        seen += [message["source_seq"]] if message["kind"] == "trade" else []
    assert seen == list(range(first, 801))


async def test_all_channels_with_snapshots_and_updates(feeder: Feeder, client: Client, symbol: str) -> None:
    makers: dict[str, Any] = {"ohlcv": bar, "indicators": indicators, "signals": signal}
    for minute in range(5):
        for make in makers.values():
            feeder.event(make(minute, symbol))
    feeder.flush()
    for channel, make in makers.items():
        snapshot = await client.subscribe(channel, symbol)
        while len(snapshot["items"]) < 5:  # the gateway reads on while the test subscribes
            snapshot = await client.subscribe(channel, symbol)
        assert [item["timestamp"] for item in snapshot["items"]] == [f"2024-08-{m}Z" for m in _MINUTES]
        feeder.event(make(5, symbol))
        feeder.flush()
        update = await client.until("update")
        assert (update["channel"], update["timestamp"], update["trace"]) == (channel, "2024-08-09T00:03:00Z", "trace-1")
        await client.send(action="unsubscribe", channel=channel, symbol=symbol)
        assert (await client.receive())["type"] == "unsubscribed"


_MINUTES = ["08T23:58:00", "08T23:59:00", "09T00:00:00", "09T00:01:00", "09T00:02:00"]


async def test_two_encodings_of_one_message(gateway: Gateway, feeder: Feeder, client: Client, symbol: str) -> None:
    async with client_of(gateway) as other:
        await client.subscribe("ticks", symbol)
        await other.subscribe("ticks", symbol, numbers="string")
        feeder.ticks(trade(1, symbol, price="61652.00"))
        feeder.flush()
        raw = await client.connection.recv()
        assert '"price":61652.00,' in str(raw)
        assert (await other.until("update"))["price"] == "61652.00"


async def test_repeat_around_a_crash_of_a_stage_comes_once(feeder: Feeder, client: Client, symbol: str) -> None:
    await client.subscribe("ticks", symbol)
    origin = f"test-{symbol}"
    for number, offset in ((1, 5), (2, 6), (1, 5), (2, 6), (3, 7)):
        feeder.ticks(trade(number, symbol), identity=Identity(origin, "market.ticks.raw", 0, offset, 0))
    feeder.flush()
    assert [message["source_seq"] for message in await client.updates(3)] == [1, 2, 3]


async def test_unusable_record_does_not_stop_the_channel(gateway: Gateway, feeder: Feeder, client: Client, symbol: str) -> None:
    await client.subscribe("ohlcv", symbol)
    before = gateway.metric("tickerplant_dropped_total", stage="gateway", reason="undecodable")
    feeder.raw(Topic.BARS, symbol, b"\xff\x00 no bar")
    feeder.event(bar(0, symbol))
    feeder.flush()
    assert (await client.until("update"))["symbol"] == symbol
    assert gateway.metric("tickerplant_dropped_total", stage="gateway", reason="undecodable") == before + 1


async def test_bad_messages_are_answered_and_twenty_in_a_row_close(client: Client) -> None:
    for _ in range(19):
        await client.connection.send("{")
        assert (await client.receive())["code"] == "not_json"
    await client.send(action="ping", id="still here")
    pong = await client.receive()
    assert (pong["type"], pong["id"]) == ("pong", "still here")
    for _ in range(20):
        await client.send(action="subscribe", channel="ticks", symbol="BTC-USDT", filter={})
        error = await client.receive()
        assert (error["type"], error["channel"], error["code"], error["field"]) == ("error", "error", "unknown_field", "filter")
    with pytest.raises(ConnectionClosed) as closed:
        await client.receive()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_too_many_subscriptions_are_refused_by_name(client: Client) -> None:
    await client.send(action="subscribe", channel="ticks", symbol=[f"S{n}" for n in range(21)])
    error = await client.receive()
    assert (error["code"], error["field"]) == ("too_many_subscriptions", "symbol")
    await client.send(action="unsubscribe", channel="ticks", symbol="S1")
    assert (await client.receive())["code"] == "not_subscribed"
    await client.send(action="list")
    assert (await client.receive())["subscriptions"] == []


async def test_oversized_message_closes_only_its_sender(gateway: Gateway, client: Client) -> None:
    async with client_of(gateway) as large:
        await large.connection.send("x" * 5000)
        with pytest.raises(ConnectionClosed) as closed:
            await large.receive()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
    await client.send(action="ping")
    assert (await client.receive())["type"] == "pong"


async def test_page_of_another_site_may_not_connect(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(gateway.socket, origin="http://evil.example", proxy=None)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    async with connect(gateway.socket, origin=gateway.url, proxy=None):  # type: ignore[arg-type]
        pass


def test_page_is_served_with_strict_headers(gateway: Gateway) -> None:
    page = httpx.get(f"{gateway.url}/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    chart = httpx.get(f"{gateway.url}/vendor/lightweight-charts.js")
    assert len(chart.content) == int(chart.headers["Content-Length"]) > 100_000
    assert httpx.get(f"{gateway.url}/../app.py").status_code == 404


def test_second_gateway_on_the_port_is_one_line(gateway: Gateway, module_line: Any, tmp_path: Any) -> None:
    port = gateway.url.rsplit(":", 1)[1]
    done = run_tickerplant("gateway", "--port", port, env=module_line.env(TICKERPLANT_DATA_DIR=str(tmp_path)))
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0
    assert f"127.0.0.1:{port}" in done.stderr


@hypothesis_settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(frames=st.lists(st.binary(max_size=200) | st.text(max_size=200), max_size=12), tail=st.binary(max_size=60))
def test_nothing_that_a_client_sends_hurts_the_gateway(gateway: Gateway, frames: list[str | bytes], tail: bytes) -> None:
    """Any messages, then any bytes on the open socket: answered or closed, and the next client is served."""

    async def attack() -> None:
        with suppress(ConnectionClosed):
            async with client_of(gateway, close_timeout=0.2) as rude:  # it may have begun a frame that never ends
                for frame in frames:
                    await rude.connection.send(frame)
                rude.connection.transport.write(tail)
        async with client_of(gateway) as polite:
            await polite.send(action="ping")
            assert (await polite.receive())["type"] == "pong"

    asyncio.run(attack())
    assert gateway.process.poll() is None


def open_deaf_client(gateway: Gateway, action: dict[str, Any]) -> socket.socket:
    """Subscribes over a bare socket with a small buffer and never reads again."""
    host, port = gateway.url.removeprefix("http://").split(":")
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect((host, int(port)))
    head = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    deaf.sendall(f"{head}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    assert b"101" in deaf.recv(200)
    payload = json.dumps(action).encode()
    deaf.sendall(bytes((0x81, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
    return deaf


async def test_client_that_stops_reading_is_evicted_and_nobody_else_notices(line: Any) -> None:
    with running_gateway(line, TICKERPLANT_GATEWAY__QUEUE_MESSAGES="2000") as gateway:
        deaf = open_deaf_client(gateway, {"action": "subscribe", "channel": "ticks", "symbol": "BTC-USDT"})
        feeder = Feeder(line)
        eventually(lambda: gateway.metric("tickerplant_subscriptions", channel="ticks") == 1)
        async with client_of(gateway) as reading:
            await reading.subscribe("ticks")
            number = 0
            while gateway.metric("tickerplant_evictions_total", code="4008") == 0:
                assert number < 60_000, "the deaf client was never evicted"
                for _ in range(10):  # fewer at a time than a client may have waiting
                    feeder.ticks(*(trade(number := number + 1) for _ in range(100)))
                feeder.flush()
                await reading.updates(1000)
            assert number <= 8_000  # 2,000 wait in the queue, and the kernel takes no megabytes of old messages beside them
            feeder.ticks(trade(number + 1))
            feeder.flush()
            [last] = await reading.updates(1)
            assert last["source_seq"] == number + 1
            eventually(lambda: gateway.metric("tickerplant_clients") == 1, 20)
        deaf.close()


async def test_restart_tells_clients_and_has_the_history_again(line: Any) -> None:
    feeder = Feeder(line)
    feeder.ticks(trade(1), quote(2))
    for minute in range(3):
        feeder.event(bar(minute))
        feeder.event(signal(minute))
    feeder.flush()
    gateway = start_gateway(line)
    async with client_of(gateway) as client:
        before = [await client.subscribe(channel) for channel in ("ticks", "ohlcv", "signals")]
        gateway.process.terminate()
        assert (await client.receive())["type"] == "reconnect"
        with pytest.raises(ConnectionClosed) as closed:
            await client.receive()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1001, "restart")
    assert gateway.process.wait(20) == 0
    with running_gateway(line) as again:
        async with client_of(again) as client:
            assert [await client.subscribe(channel) for channel in ("ticks", "ohlcv", "signals")] == before
            assert [len(snapshot["items"]) for snapshot in before] == [2, 3, 3]
            assert len({snapshot["epoch"] for snapshot in before}) == 3


def newest(client: Client, channel: str) -> str:
    """The seq of the last message that the client has of its only series."""
    [seq] = [seq for series, seq in client.newest.items() if series[0] == channel]
    assert seq is not None
    return seq


async def test_client_of_a_killed_gateway_goes_on_at_the_next_one_without_a_hole(line: Any) -> None:
    """From memory and, for what lies before it, from Kafka; a bar's place in the log outlives the process."""
    feeder = Feeder(line)
    gateway = start_gateway(line)
    async with client_of(gateway) as client:
        epochs = {channel: (await client.subscribe(channel))["epoch"] for channel in ("ticks", "signals")}
        feeder.ticks(*(trade(number) for number in range(1, 6)))
        feeder.event(signal(0))
        feeder.flush()
        await client.updates(6)
        gateway.kill()
    for number in range(6, 1006):
        feeder.ticks(trade(number), quote(number))
    for minute in range(1, 4):
        feeder.event(signal(minute))
    feeder.flush()
    with running_gateway(line) as again:
        async with client_of(again) as back:
            back.newest = dict(client.newest)
            resume = {"epoch": epochs["ticks"], "seq": newest(client, "ticks")}
            await back.send(action="subscribe", channel="ticks", symbol="BTC-USDT", filters={"kind": "trade"}, resume=resume)
            await back.until("subscribed")
            assert [message["source_seq"] for message in await back.updates(1000)] == list(range(6, 1006))
            assert (await back.receive())["missed"] == 1000
            resume = {"epoch": epochs["signals"], "series": [{"symbol": "BTC-USDT", "seq": newest(client, "signals")}]}
            await back.send(action="subscribe", channel="signals", symbol="BTC-USDT", resume=resume)
            await back.until("subscribed")
            assert [message["timestamp"][11:16] for message in await back.updates(3)] == ["23:59", "00:00", "00:01"]
            resumed = await back.receive()
            assert (resumed["recovered"], resumed["missed"]) == (True, 3)
        assert again.metric("tickerplant_resume_reads_total", topic="market.ticks") >= 1


async def test_resume_that_cannot_be_is_a_snapshot_that_says_so(line: Any) -> None:
    feeder = Feeder(line)
    feeder.ticks(*(trade(number) for number in range(1, 4)))
    feeder.event(order_book(1))
    feeder.flush()
    with running_gateway(line) as gateway:
        async with client_of(gateway) as client:
            epoch = (await client.subscribe("ticks"))["epoch"]
            for given, reason in (({"epoch": "another", "seq": "0.0"}, "epoch"), ({"epoch": epoch, "seq": "0.0"}, None)):
                client.newest["ticks", "BTC-USDT", None] = given["seq"]
                await client.send(action="subscribe", channel="ticks", symbol="BTC-USDT", resume=given)
                await client.until("subscribed")
                found = await client.until("resumed" if reason is None else "snapshot")
                assert (found["recovered"], found.get("reason")) == (reason is None, reason)
            book = await client.subscribe("orderbook", source="binance")
            again = await client.subscribe("orderbook", source="binance", resume={"epoch": book["epoch"], "seq": book["seq"]})
            assert (again["recovered"], again["reason"], again["items"]) == (False, "only_latest", book["items"])


async def test_streams_by_address(gateway: Gateway, feeder: Feeder, symbol: str) -> None:
    alerts = gateway.metric("tickerplant_records_in_total", topic="market.alerts")
    for minute in range(2):
        feeder.event(bar(minute, symbol))
    feeder.event(alert(1, symbol))
    feeder.flush()
    eventually(
        lambda: gateway.metric("tickerplant_records_in_total", topic="market.alerts") > alerts
    )  # of alerts not seen yet there is no snapshot
    base = gateway.socket.removesuffix("/ws")
    for path, key, value in (
        (f"ohlcv/{symbol}/1m?snapshot=1", "timestamp", "2024-08-08T23:59:00Z"),
        (f"market-summary/{symbol}?numbers=string", "last", "61717.63"),
        (f"alerts/{symbol}", "measured", "61717.63"),
    ):
        async with connect(f"{base}/api/streams/{path}", proxy=None) as connection:
            client = Client(connection)
            snapshot = await client.until("snapshot")
            while not snapshot["items"]:  # the gateway may be reading still
                await client.send(action="subscribe", channel=snapshot["channel"], symbol=symbol)
                snapshot = await client.until("snapshot")
            assert str(snapshot["items"][-1][key]) == value
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{base}/api/streams/ohlcv/{symbol}/7m", proxy=None)
    assert refused.value.response.status_code == 400
    assert b"no timeframe" in refused.value.response.body


async def test_messagepack_and_compression_on_request(gateway: Gateway, feeder: Feeder, symbol: str) -> None:
    for query, compression in (
        ("encoding=msgpack", None),
        ("encoding=msgpack&compression=deflate", "deflate"),
        ("compression=deflate", "deflate"),
    ):
        async with connect(f"{gateway.socket}?{query}", proxy=None, compression=compression) as connection:
            is_packed = "msgpack" in query
            assert [extension.name for extension in connection.protocol.extensions] == (["permessage-deflate"] if compression else [])

            async def receive(connection: Any = connection, is_packed: bool = is_packed) -> dict[str, Any]:
                data = await connection.recv()
                assert isinstance(data, bytes) is is_packed
                message: dict[str, Any] = msgspec.msgpack.decode(data) if isinstance(data, bytes) else json.loads(data)
                return message

            assert (await receive())["type"] == "status"
            action = {"action": "subscribe", "channel": "ohlcv", "symbol": symbol}
            await connection.send(msgspec.msgpack.encode(action) if is_packed else json.dumps(action))
            assert [(await receive())["type"] for _ in range(2)] == ["subscribed", "snapshot"]
            for minute in range(3):
                feeder.event(bar(minute, symbol))
            feeder.flush()
            found = [await receive() for _ in range(3)]
            assert [message["close"] for message in found] == (["61717.63"] * 3 if is_packed else [61717.63] * 3)
    async with connect(gateway.socket, proxy=None) as browser:  # browsers offer compression always; nobody asked for it here
        assert browser.protocol.extensions == []
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{gateway.socket}?encoding=xml", proxy=None)
    assert refused.value.response.status_code == 400


async def test_several_processes_serve_one_port_and_resume_for_one_another(line: Any) -> None:
    port = str(free_port(set()))
    env = {"TICKERPLANT_GATEWAY__PROCESSES": "2", "TICKERPLANT_GATEWAY__PORT": port}
    feeder = Feeder(line)
    with running_gateway(line, **env) as first, running_gateway(line, instance=1, **env) as second:
        assert first.url == second.url
        feeder.event(signal(0))
        feeder.flush()
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(client_of(first)) for _ in range(40)]
            for client in clients:
                await client.subscribe("signals")
            numbers = [gateway.metric("tickerplant_clients") for gateway in (first, second)]
            assert sum(numbers) == 40
            assert min(numbers) > 0
            feeder.event(signal(1))
            feeder.flush()
            for client in clients:
                while (await client.until("update"))["timestamp"] != "2024-08-08T23:59:00Z":
                    pass  # the first signal: a process that had not read it yet when its client came
            epoch = (await clients[0].subscribe("signals"))["epoch"]
            for client in clients:  # whichever process they are at, they go on where another client of any process was
                client.newest["signals", "BTC-USDT", "1m"] = "0.0"
                await client.send(action="subscribe", channel="signals", symbol="BTC-USDT", resume={"epoch": epoch, "seq": "0.0"})
                assert (await client.until("resumed"))["missed"] == 1


def test_processes_need_a_port_and_a_number_each(line: Any) -> None:
    for words, more in ((("--instance", "1"), {}), ((), {"TICKERPLANT_GATEWAY__PROCESSES": "2", "TICKERPLANT_GATEWAY__PORT": "0"})):
        done = run_tickerplant("gateway", *words, env=line.env(**more))
        assert (done.returncode, done.stderr.strip().count("\n")) == (2, 0)
        assert "gateway.p" in done.stderr


async def test_no_more_clients_than_allowed(line: Any) -> None:
    with running_gateway(line, TICKERPLANT_GATEWAY__MAX_CONNECTIONS="1") as gateway:
        async with client_of(gateway):
            with pytest.raises(InvalidStatus) as refused:
                await connect(gateway.socket, proxy=None)
            assert refused.value.response.status_code == 503
        eventually(lambda: gateway.metric("tickerplant_clients") == 0)
        async with client_of(gateway):
            pass


async def test_kill_point_after_a_message(line: Any) -> None:
    gateway = start_gateway(line, TICKERPLANT_FAULTS__KILL_AT="gateway:message_sent:2")
    feeder = Feeder(line)
    with suppress(ConnectionClosed):
        async with client_of(gateway) as client:
            await client.subscribe("ticks")
            for number in (1, 2, 3):
                feeder.ticks(trade(number))
                feeder.flush()
                await client.updates(1)
    assert gateway.process.wait(20) == -9
    assert (line.settings.data_dir / "run" / "killed.gateway.message_sent").exists()


async def test_kafka_away_and_back(line: Any, stack: Any) -> None:
    if stack.running is None:
        pytest.skip("these servers are not ours to stop")
    feeder = Feeder(line)
    with running_gateway(line) as gateway:
        async with client_of(gateway) as client:
            await client.subscribe("ticks")
            feeder.ticks(trade(1))
            feeder.flush()
            await client.updates(1)
            stack.running.children["kafka"].stop(20)
            stopped_s = time.monotonic()
            try:
                while (await client.until("status"))["kafka"] != "down":
                    pass
                eventually(lambda: gateway.ready()[1]["kafka"] != "ok")
                assert not gateway.ready()[0]
                assert httpx.get(gateway.url).status_code == 200
                await client.send(action="ping")
                assert (await client.receive())["type"] == "pong"
                assert time.monotonic() - stopped_s < 60
            finally:
                stack.running.restart("kafka")
            while (await client.until("status"))["kafka"] != "up":
                pass
            feeder.ticks(trade(2))
            feeder.flush()
            assert [message["source_seq"] for message in await client.updates(1)] == [2]
            eventually(lambda: gateway.ready()[0])
