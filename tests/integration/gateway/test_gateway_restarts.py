"""A gateway ends, is killed, or is one of several: clients are told, and go on at the next one without a hole."""

from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.gateway_events import bar, order_book, quote, signal, trade
from tests.gateway_support import Client, Feeder, client_of, running_gateway, start_gateway
from tickerplant.stack.ports import free_port

pytestmark = pytest.mark.stack


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
