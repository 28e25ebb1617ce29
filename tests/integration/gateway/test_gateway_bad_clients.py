"""Clients that say nonsense, too much or do not listen: answered or closed, and nobody else notices."""

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.gateway_events import trade
from tests.gateway_support import Client, Feeder, Gateway, client_of, running_gateway
from tests.support import eventually

pytestmark = pytest.mark.stack


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


async def test_no_more_clients_than_allowed(line: Any) -> None:
    with running_gateway(line, TICKERPLANT_GATEWAY__MAX_CONNECTIONS="1") as gateway:
        async with client_of(gateway):
            with pytest.raises(InvalidStatus) as refused:
                await connect(gateway.socket, proxy=None)
            assert refused.value.response.status_code == 503
        eventually(lambda: gateway.metric("tickerplant_clients") == 0)
        async with client_of(gateway):
            pass


async def test_page_of_another_site_may_not_connect(gateway: Gateway) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(gateway.socket, origin="http://evil.example", proxy=None)  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403
    async with connect(gateway.socket, origin=gateway.url, proxy=None):  # type: ignore[arg-type]
        pass
