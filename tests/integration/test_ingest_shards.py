"""One provider in two processes: each has its partitions, a killed one is missed by nobody else, and what it missed is fetched."""

import asyncio
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from ingestors.exchange_server.generator import Generated, Generator
from ingestors.exchange_server.material import listed_canonical
from ingestors.exchange_server.pace import TimelinePace
from ingestors.exchange_server.server import ExchangeServer
from ingestors.process_shard import ProcessShard
from ingestors.registry import provider_of
from runtime.clock import SystemClock
from runtime.kafka import consumer
from schemas import headers
from schemas.codec import decode_gap, decode_raw_ticks
from schemas.ticks import TickEnvelope, Trade
from schemas.topics import Topic
from tests.binance_ingest import settings_of
from tests.feeds import exchange_of, read_topic
from tests.support import as_environment, eventually_async, start_tickerplant
from tickerplant.registry.health import HealthOf, health_of
from tickerplant.sources import change_symbols

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
SYMBOLS = tuple(f"S{number}-USDT" for number in range(40))
FROM_START, LATER = SYMBOLS[:39], SYMBOLS[39]
SPEED = 10
START_S = 1_723_161_900


class World:
    """Two processes at a server, with what they wrote. shards: by the process' number."""

    def __init__(self, line: Any, server: ExchangeServer, binance: dict[str, str], material: Generator, folder: Path) -> None:
        self.line, self.server, self.material, self._folder = line, server, material, folder
        self._env = line.env(**as_environment({"binance": {**binance, "symbols": FROM_START, "streams": ["trade"]}}))
        self.shards = {number: ProcessShard(line.settings.kafka.partitions, number, 2) for number in (1, 2)}
        self.processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self, number: int) -> None:
        log = self._folder / f"{number}.log"
        self.processes[number] = start_tickerplant("ingest", "binance", "--shard", f"{number}/2", env=self._env, log=log)

    def kill(self, number: int) -> None:
        self.processes[number].kill()
        self.processes[number].wait()

    def health(self) -> HealthOf:
        return health_of(provider_of("binance"), "binance", self.line.settings.data_dir, SystemClock().now_ns() / 1e9)

    def streams(self) -> list[set[str]]:
        """Canonical symbols of each connection to the server."""
        names = {f"{listed_canonical(symbol).venue.lower()}@trade": symbol for symbol in SYMBOLS}
        return [{names[stream] for stream in session.streams} for session in self.server._sessions]

    def ends(self, number: int) -> list[int]:
        """Of the partitions of a process."""
        kafka = self.line.settings.kafka
        client = consumer(kafka, self.line.addresses.kafka, f"{kafka.group_prefix}.test")
        try:
            places = [TopicPartition(kafka.topic(Topic.TICKS_RAW), partition) for partition in self.shards[number].own]
            return [client.get_watermark_offsets(place, timeout=20)[1] for place in places]
        finally:
            client.close()

    def messages(self, topic: Topic = Topic.TICKS_RAW) -> list[Any]:
        return read_topic(self.line.settings, self.line.addresses.kafka, topic)

    def trades(self) -> dict[str, list[int]]:
        """Ids of each symbol, ascending. What the connections told stands so on its partition too; what was missing comes after what is new where the machine
        is too busy to answer a question in time."""
        found = defaultdict(list)
        for message in self.messages():
            if isinstance(record := decode_raw_ticks(message.value()), TickEnvelope):
                for tick in record.ticks:
                    assert isinstance(tick, Trade)
                    found[tick.symbol].append((int(tick.trade_id), tick.filled))
        for ticks in found.values():
            told = [number for number, filled in ticks if not filled]
            assert told == sorted(told)
        return {symbol: sorted(number for number, _ in ticks) for symbol, ticks in found.items()}

    def happened(self, first: dict[str, int]) -> dict[str, list[int]]:
        """Ids of all that was played, of each symbol from its first on."""
        newest = self.material.newest_trade_ids()
        return {symbol: [*range(first_id, newest[listed_canonical(symbol).venue] + 1)] for symbol, first_id in first.items()}


async def test_two_processes_share_a_provider_and_one_that_is_killed_fetches_what_it_missed(line: Any, tmp_path: Path) -> None:
    material = Generator(Generated(SYMBOLS, seed=7, start_s=START_S, trades_per_s=2.0))
    first = dict.fromkeys(FROM_START, START_S * 2)
    async with exchange_of(material, TimelinePace(SPEED, SystemClock())) as (server, binance):
        world = World(line, server, binance, material, tmp_path)
        try:
            await _run(world)
            server.stall()
            await asyncio.sleep(0.1)  # what was under way is played
            stored = await asyncio.to_thread(world.trades)
            first[LATER] = stored[LATER][0]
            await eventually_async(lambda: _is_all_there(world, first), 60, 0.2)
            for process in world.processes.values():
                process.terminate()
            assert [await asyncio.to_thread(process.wait, 30) for process in world.processes.values()] == [0, 0]
        finally:
            for number in world.processes:
                world.kill(number)
    assert world.trades() == world.happened(first)
    _each_partition_is_one_process(world)
    gaps = [decode_gap(message.value()) for message in world.messages(Topic.GAPS)]
    assert {gap.symbol for gap in gaps} <= world.shards[1].of_these(SYMBOLS)
    assert {*{gap.gap_id: gap.state for gap in gaps if gap.channel == "trade"}.values()} == {"filled"}


async def _run(world: World) -> None:
    server = world.server
    server.stall()
    for number in world.shards:
        world.start(number)
    await eventually_async(lambda: sorted(map(sorted, world.streams())) == _spread(world, FROM_START), 60)
    server.resume()
    await eventually_async(lambda: asyncio.to_thread(lambda: world.trades().keys() == set(FROM_START)), interval_s=0.2)
    assert (await asyncio.to_thread(world.health)).shards == {"1/2": "", "2/2": ""}
    world.kill(1)
    assert world.health().missing == "shard 1/2: not running"
    dead, alive = world.ends(1), world.ends(2)
    await eventually_async(lambda: all(now > before + 5 for now, before in zip(world.ends(2), alive, strict=True)))
    assert world.ends(1) == dead
    world.start(1)
    settings = settings_of(world.line, {"symbols": FROM_START})
    await asyncio.to_thread(change_symbols, settings, world.line.addresses.kafka, "binance", [LATER])
    await eventually_async(lambda: sorted(map(sorted, world.streams())) == _spread(world, SYMBOLS), 60)
    alive = world.ends(1)
    await eventually_async(lambda: all(now > before for now, before in zip(world.ends(1), alive, strict=True)))
    await eventually_async(lambda: asyncio.to_thread(lambda: LATER in world.trades()), interval_s=0.2)


def _spread(world: World, symbols: tuple[str, ...]) -> list[list[str]]:
    return sorted(sorted(shard.of_these(symbols)) for shard in world.shards.values())


async def _is_all_there(world: World, first: dict[str, int]) -> bool:
    return await asyncio.to_thread(world.trades) == world.happened(first)


def _each_partition_is_one_process(world: World) -> None:
    """By the traces, which begin with what is the process' own: one of the second shard, two of the first, which was killed."""
    partitions = defaultdict(set)
    for message in world.messages():
        partitions[dict(message.headers())[headers.TRACE].split(b"-")[0]].add(message.partition())
    written = sorted(sorted(some) for some in partitions.values())
    own = {number: list(shard.own) for number, shard in world.shards.items()}
    assert written == sorted([own[1], own[1], own[2]])
