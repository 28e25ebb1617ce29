"""Limits over several gateway processes, through a real Redis."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import redis
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.access.grants import Grant
from gateway.access.pace import LeasedPace
from gateway.access.shared import Limits
from gateway.access.store import CLAIM_TTL_S, Store
from runtime.clock import SystemClock
from runtime.settings import RedisSettings
from runtime.settings.access import TierSettings
from tests.access_support import SECRET, token
from tests.gateway_support import client_of, running_gateway
from tests.support import eventually_async

pytestmark = pytest.mark.stack


@pytest.fixture
async def processes(stack: Any) -> AsyncIterator[tuple[Limits, Limits, str]]:
    """The limits of two processes on one Redis, and its URL."""
    url = stack.redis_url()
    first, second = (Limits(SystemClock(), Store(url, RedisSettings(), SystemClock())) for _ in range(2))
    yield first, second, url
    await first.stop()
    await second.stop()


async def test_names_count_once_over_all_processes(processes: tuple[Limits, Limits, str]) -> None:
    one, two = processes[0].claims, processes[1].claims
    assert await one.claim("symbols", "user:ann", ["A", "B", "C"], 4)
    assert await two.claim("symbols", "user:ann", ["C", "D"], 4)
    assert not await two.claim("symbols", "user:ann", ["E"], 4)
    assert not await one.claim("symbols", "user:ann", ["E"], 4)
    one.release("symbols", "user:ann", ["C"])
    assert not await two.claim("symbols", "user:ann", ["E"], 4)  # the second process still holds C
    two.release("symbols", "user:ann", ["C"])
    await eventually_async(lambda: two.claim("symbols", "user:ann", ["E"], 4))
    assert await two.claim("symbols", "user:bob", ["E"], 1)


async def test_what_a_killed_process_held_is_free_again_and_what_is_held_lives_on(processes: tuple[Limits, Limits, str]) -> None:
    one, two, url = processes
    assert await one.claims.claim("connections", "user:ann", ["c1"], 1)
    assert not await two.claims.claim("connections", "user:ann", ["c2"], 1)
    with redis.Redis.from_url(url) as client:
        [(member, expires_s)] = client.zrange("gateway:connections:user:ann", 0, -1, withscores=True)
        assert 0 < expires_s - time.time() <= CLAIM_TTL_S + 1
        client.zadd("gateway:connections:user:ann", {member: time.time() - 1})
        assert one._shared is not None
        await one._shared.refresh()
        assert not await two.claims.claim("connections", "user:ann", ["c2"], 1)
        client.zadd("gateway:connections:user:ann", {member: time.time() - 1})  # the process is gone: nobody refreshes
        assert await two.claims.claim("connections", "user:ann", ["c2"], 1)


async def test_rate_holds_over_two_processes(processes: tuple[Limits, Limits, str]) -> None:
    grant = Grant("user:ann", "free", TierSettings(messages_per_s=200))
    running = [asyncio.create_task(limits.run()) for limits in processes[:2]]
    started_s = time.monotonic()
    paces = [pace for limits in processes[:2] if (pace := await limits.paces.borrow(grant))]
    sent = 0
    while time.monotonic() - started_s < 2:
        for pace in paces:
            while not pace.wait_s():
                pace.charge(1)
                sent += 1
        await asyncio.sleep(0.005)
    assert 200 <= sent <= 200 * (time.monotonic() - started_s) + 200
    for task in running:
        task.cancel()


async def test_without_redis_each_process_counts_alone() -> None:
    limits = Limits(SystemClock(), Store("redis://127.0.0.1:1/0", RedisSettings(), SystemClock()))
    assert await limits.claims.claim("symbols", "user:ann", ["A"], 1)
    assert not await limits.claims.claim("symbols", "user:ann", ["B"], 1)
    pace = await limits.paces.borrow(Grant("user:ann", "free", TierSettings(messages_per_s=50)))
    assert isinstance(pace, LeasedPace)
    assert not pace.is_leased
    pace.charge(1)
    await eventually_async(lambda: not pace.wait_s())
    await limits.stop()


async def test_two_gateways_share_a_users_limits(line: Any, tmp_path: Path) -> None:
    other = dataclasses.replace(line, settings=line.settings.model_copy(update={"data_dir": tmp_path / "other"}))
    other.settings.data_dir.mkdir()
    key = {"TICKERPLANT_GATEWAY__ACCESS__HS256_SECRET": SECRET}
    headers = {"additional_headers": {"Authorization": f"Bearer {token('ann', tier='free', connections=2)}"}}
    with running_gateway(line, **key) as one, running_gateway(other, **key, TICKERPLANT_DATA_DIR=str(other.settings.data_dir)) as two:
        async with client_of(one, **headers) as first, client_of(two, **headers) as second:
            await first.subscribe("ticks", [f"A{n}-USD" for n in range(6)])
            await second.send(action="subscribe", channel="ticks", symbol=[f"B{n}-USD" for n in range(6)])
            assert (await second.until("error"))["code"] == "tier_limit"
            for gateway in (one, two):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(gateway.socket, proxy=None, **headers)
                assert refused.value.response.status_code == 429
            await first.send(action="unsubscribe", channel="ticks", symbol=[f"A{n}-USD" for n in range(6)])
            await first.until("unsubscribed")
            await second.subscribe("ticks", [f"B{n}-USD" for n in range(6)])
        assert one.stop() == 0  # what it held is given back at once
        async with client_of(two, **headers), client_of(two, **headers):
            pass
