"""The gateway killed and started again under clients that come back, and Kafka restarted under all of them: each client has every trade, bar and signal once."""

import asyncio
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from live import Bar, Message, Selection, Signal, Snapshot, Trade, subscribe
from tests.gateway_events import MINUTE_NS, START_NS, bar, quote, signal, trade
from tests.gateway_support import Feeder, start_gateway
from tickerplant.stack.ports import free_port

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(590)]
CLIENTS = int(os.environ.get("GATEWAY_CLIENTS", "25"))
KILLS = int(os.environ.get("GATEWAY_KILLS", "1"))
MINUTES_A_KILL = 4
TRADES_A_MINUTE = 50 if CLIENTS < 100 else 10  # all clients live in one process, which decodes every message for each of them
STILL_S = 90  # without a message to anybody, something hangs
CHANNELS = ("ticks", "ohlcv", "signals")
SYMBOLS = ("BTC-USDT", "ETH-USDT")
SELECTIONS = [Selection(channel, SYMBOLS) for channel in CHANNELS]


class Client:
    """The product's own client, which raises where a chain breaks and cannot be mended; keeps what it got, counts what it was told is lost."""

    def __init__(self, url: str) -> None:
        self._stream = subscribe(url, *SELECTIONS)
        self.seen: dict[tuple[str, str], list[int]] = defaultdict(list)
        self.begun = 0
        self.lost = 0
        self.heard = 0

    @property
    def connections(self) -> int:
        return self._stream.connections

    async def run(self) -> None:
        async for message in self._stream:
            self.heard += 1
            self._take(message)

    def _take(self, message: Message) -> None:
        if isinstance(message, Snapshot):
            self.begun += 1
            self.lost += message.recovered is False
        elif isinstance(message, Trade):
            self.seen["ticks", message.symbol].append(int(message.trade_id))
        elif isinstance(message, Bar):
            self.seen["ohlcv", message.symbol].append(message.ts_open_ns)
        elif isinstance(message, Signal):
            self.seen["signals", message.symbol].append(message.ts_open_ns)


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
    await _until(lambda: all(client.begun == len(SELECTIONS) * len(SYMBOLS) for client in clients), clients, tasks)
    minute = await _feed(feeder, 0)  # who has nothing of a series yet has no position to go on from
    await _until(lambda: all(len(client.seen) == len(SELECTIONS) * len(SYMBOLS) for client in clients), clients, tasks)
    for number in range(KILLS):
        await _until(lambda so_many=number: all(client.connections > so_many for client in clients), clients, tasks)  # type: ignore[misc]
        minute = await _feed(feeder, minute, gateway.kill)
        if number == KILLS - 1:
            stack.running.restart("kafka")
        minute = await _feed(feeder, minute)
        gateway = await asyncio.to_thread(start_gateway, line, **env)
    minute = await _feed(feeder, minute)
    try:
        expected = {(channel, symbol): _expected(channel, minute) for channel in CHANNELS for symbol in SYMBOLS}
        await _until(
            lambda: all(len(client.seen[series]) >= len(ids) or client.lost for client in clients for series, ids in expected.items()),
            clients,
            tasks,
        )
        for client in clients:
            assert {series: client.seen[series] for series in expected} == expected
            assert client.connections > KILLS
            assert client.lost == 0
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(gateway.stop)


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


def _described(client: Client) -> str:
    counts = {" ".join(series): len(ids) for series, ids in sorted(client.seen.items())}
    return f"{counts}, begun {client.begun}, lost {client.lost}, connections {client.connections}"


async def _until(is_so: Callable[[], bool], clients: list[Client], tasks: list[asyncio.Task[None]]) -> None:
    """A client's own error is the test's."""
    heard, moved_s = -1, time.monotonic()
    while not is_so():
        for task in tasks:
            if task.done():
                task.result()
        if (now := sum(client.heard for client in clients)) != heard:
            heard, moved_s = now, time.monotonic()
        assert time.monotonic() - moved_s < STILL_S, f"nothing comes any more: {Counter(map(_described, clients)).most_common(5)}"
        await asyncio.sleep(0.1)
