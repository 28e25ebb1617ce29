"""Clients of the gateway get every record of every channel, in order and once."""

import asyncio
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from schemas.identity import Identity
from schemas.topics import Topic
from tests.gateway_events import alert, bar, indicators, quote, signal, trade
from tests.gateway_support import Client, Feeder, Gateway, client_of
from tests.support import eventually

pytestmark = pytest.mark.stack


async def test_every_tick_comes_in_order(gateway: Gateway, feeder: Feeder, client: Client, symbol: str) -> None:
    symbols = [f"{symbol}{letter}" for letter in "ABCDE"]
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


_MINUTES = ["08T23:58:00", "08T23:59:00", "09T00:00:00", "09T00:01:00", "09T00:02:00"]


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
