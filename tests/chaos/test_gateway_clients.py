"""The gateway killed and started again under clients that come back, and Kafka restarted under all of them: each client has every trade, bar and signal once."""

import asyncio
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.gateway_support import MINUTE_NS, START_NS, Feeder, bar, quote, signal, start_gateway, trade
from tickerplant.stack.ports import free_port

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(590)]
CLIENTS = int(os.environ.get("GATEWAY_CLIENTS", "25"))
KILLS = int(os.environ.get("GATEWAY_KILLS", "1"))
MINUTES_A_KILL = 4
TRADES_A_MINUTE = 50
CHANNELS = ("ticks", "ohlcv", "signals")
SYMBOLS = ("BTC-USDT", "ETH-USDT")


class Client:
    """Subscribes, follows each chain, comes back with what it has, and counts what it was told is lost."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.newest: dict[tuple[str, str], str] = {}
        self.epochs: dict[str, str] = {}
        self.lost = 0
        self.returns = 0

    async def run(self) -> None:
        while True:
            with suppress(ConnectionClosed, InvalidHandshake, OSError):
                async with connect(self.url, proxy=None, max_size=None) as connection:
                    await self._follow(connection)
            self.returns += 1
            await asyncio.sleep(0.2)

    async def _follow(self, connection: ClientConnection) -> None:
        for channel in CHANNELS:
            action: dict[str, Any] = {"action": "subscribe", "channel": channel, "symbol": list(SYMBOLS)}
            known = [{"symbol": symbol, "seq": self.newest[channel, symbol]} for symbol in SYMBOLS if (channel, symbol) in self.newest]
            if known:
                action["resume"] = {"epoch": self.epochs[channel], "series": known}
            await connection.send(json.dumps(action))
        async for text in connection:
            self._take(json.loads(text))

    def _take(self, message: dict[str, Any]) -> None:
        if "seq" not in message:
            return
        series = (message["channel"], message["symbol"])
        if message.get("type") == "snapshot":
            self.lost += message.get("recovered") is False
            self.epochs[series[0]] = message["epoch"]
            for item in message["items"]:
                self._keep(series, item)
        elif message.get("type") is None:
            assert message["prev"] == self.newest.get(series), f"a hole before {message}"
            self._keep(series, message)
        if message["seq"] is not None:
            self.newest[series] = message["seq"]

    def _keep(self, series: tuple[str, str], message: dict[str, Any]) -> None:
        if message.get("kind") != "quote":
            self.seen[series].append(message.get("trade_id") or message["ts_open_ns"])


async def test_clients_of_killed_gateways_miss_nothing(line: Any, stack: Any) -> None:
    if stack.running is None:
        pytest.skip("these servers are not ours to stop")
    env = {
        "TICKERPLANT_GATEWAY__PORT": str(free_port(set())),
        "TICKERPLANT_GATEWAY__MAX_CONNECTIONS": str(CLIENTS + 10),
        "TICKERPLANT_GATEWAY__ACCESS__CONNECTIONS_PER_ADDRESS": str(CLIENTS + 10),
    }
    feeder = Feeder(line)
    gateway = start_gateway(line, **env)
    clients = [Client(gateway.socket) for _ in range(CLIENTS)]
    tasks = [asyncio.create_task(client.run()) for client in clients]
    await _until(lambda: all(len(client.epochs) == len(CHANNELS) for client in clients), tasks)
    minute = 0
    for number in range(KILLS):
        minute = await _feed(feeder, minute, gateway.kill)
        if number == KILLS - 1:
            stack.running.restart("kafka")
        minute = await _feed(feeder, minute)
        gateway = await asyncio.to_thread(start_gateway, line, **env)
    minute = await _feed(feeder, minute)
    try:
        expected = {(channel, symbol): _expected(channel, minute) for channel in CHANNELS for symbol in SYMBOLS}
        await _until(lambda: all(len(client.seen[series]) >= len(ids) for client in clients for series, ids in expected.items()), tasks)
        for client in clients:
            assert {series: client.seen[series] for series in expected} == expected
            assert client.returns >= KILLS
            assert client.lost == 0
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        gateway.stop()


async def _feed(feeder: Feeder, minute: int, at_half: Any = lambda: None) -> int:
    """Some minutes of trades, quotes, bars and signals; something happens in the middle of them."""
    for number in range(minute, minute + MINUTES_A_KILL):
        if number == minute + MINUTES_A_KILL // 2:
            await asyncio.to_thread(at_half)
        for symbol in SYMBOLS:
            for tick in range(number * TRADES_A_MINUTE, (number + 1) * TRADES_A_MINUTE):
                feeder.ticks(trade(tick, symbol), quote(tick, symbol))
            feeder.event(bar(number, symbol))
            feeder.event(signal(number, symbol))
        await asyncio.to_thread(feeder.flush)
    return minute + MINUTES_A_KILL


def _expected(channel: str, minutes: int) -> list[int]:
    """trade_id of every trade, or opening time of every bar."""
    if channel == "ticks":
        return [trade(number).trade_id for number in range(minutes * TRADES_A_MINUTE)]  # type: ignore[misc]
    return [START_NS + minute * MINUTE_NS for minute in range(minutes)]


async def _until(is_so: Callable[[], bool], tasks: list[asyncio.Task[None]]) -> None:
    """A client's own error, a hole in a chain, is the test's."""
    deadline_s = time.monotonic() + 120
    while not is_so():
        for task in tasks:
            if task.done():
                task.result()
        assert time.monotonic() < deadline_s, "some client does not have everything"
        await asyncio.sleep(0.1)
