"""A polled provider restates its bars while its ingestor and the stages are killed: what is published is what the provider says now, each revision once."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from runtime.clock import SystemClock
from schemas.bar_content import content_of
from schemas.bars import Bar
from schemas.codec import decode_bar
from schemas.headers import IDENTITY
from schemas.identity import SeenIdentities
from schemas.timeframes import HOUR_NS
from schemas.topics import Topic
from tests.feeds import read_topic
from tests.poll_server import Candle, PollServer, poll_server
from tests.polled.cryptocompare import CryptoCompare
from tests.support import as_environment, eventually_async, start_tickerplant

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
ROUNDS, FIRST_BARS = 8, 20
STAGES = ("validate", "bars")


class Processes:
    """The ingestor's and the stages'; all that run are ended with the block."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self._environment, self._folder = environment, folder
        self._running: dict[str, Popen[bytes]] = {}

    def start(self, name: str) -> None:
        words = ("process", name) if name in STAGES else ("ingest", name)
        self._running[name] = start_tickerplant(*words, env=self._environment, log=self._folder / f"{name}.log")

    def kill(self, name: str) -> None:
        process = self._running.pop(name)
        process.kill()
        process.wait(30)

    @contextmanager
    def ending(self) -> Iterator["Processes"]:
        try:
            yield self
        finally:
            for name in list(self._running):
                self.kill(name)


async def test_every_restatement_is_published_once_whoever_is_killed(make_line: Any, tmp_path: Path) -> None:
    line, chance = make_line(kafka={"partitions": 1}), random.Random(11)
    async with poll_server(CryptoCompare(), SystemClock()) as (server, url):
        sections = CryptoCompare().sections(url, symbols=["BTC-USD"], first_bars=FIRST_BARS, bars_delay_s=0)
        with Processes(line.env(**as_environment(sections)), tmp_path).ending() as processes:
            for name in (*STAGES, "cryptocompare"):
                processes.start(name)
            await eventually_async(lambda: _is_published(line, server), timeout_s=90, interval_s=0.3)
            for number in range(ROUNDS):
                victims = {0: ["cryptocompare", "bars"], 1: ["cryptocompare", "validate"]}.get(number % 4, ["cryptocompare"])
                server.market.restate(0 if server.market.raised_until_ns else SystemClock().now_ns())
                for name in victims:
                    processes.kill(name)
                for name in victims:
                    processes.start(name)
                await asyncio.sleep(chance.uniform(0.5, 3.0))
            await eventually_async(lambda: _is_published(line, server), timeout_s=120, interval_s=0.5)
    revisions = _by_interval(await _published(line))
    assert all([bar.revision for bar in told] == list(range(len(told))) for told in revisions.values())
    assert all(content_of(one) != content_of(other) for told in revisions.values() for one, other in pairwise(told))
    assert any(len(told) > 2 for told in revisions.values())
    assert all(bar.primary and bar.kind == "provider" for told in revisions.values() for bar in told)


async def _published(line: Any) -> list[Bar]:
    """Without repeats."""
    messages, seen = await asyncio.to_thread(read_topic, line.settings, line.addresses.kafka, Topic.BARS), SeenIdentities()
    return [decode_bar(message.value()) for message in messages if not seen.is_repeat(dict(message.headers())[IDENTITY])]


def _by_interval(bars: list[Bar]) -> dict[int, list[Bar]]:
    found = defaultdict[int, list[Bar]](list)
    for bar in bars:
        found[bar.ts_open_ns].append(bar)
    return found


async def _is_published(line: Any, server: PollServer) -> bool:
    """The newest revisions are what the market has now, of each closed interval."""
    newest = {opens: told[-1] for opens, told in _by_interval(await _published(line)).items()}
    if len(newest) < FIRST_BARS:
        return False
    candles = server.market.candles("BTC-USD", CryptoCompare.timeframe, min(newest), max(newest) + HOUR_NS)
    wanted = {candle.open_ns: _numbers(candle) for candle in candles if candle.close_ns <= SystemClock().now_ns()}
    return {opens: _numbers(bar) for opens, bar in newest.items()} == wanted


def _numbers(one: Bar | Candle) -> tuple[float, ...]:
    return float(one.open), float(one.high), float(one.low), float(one.close), float(one.volume)
