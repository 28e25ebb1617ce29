"""One budget over several processes, through a real Redis: never exceeded, calls wait, nothing fails."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis

from ingestors.limits.budget import Account, Limit, mark_of
from ingestors.limits.gates import Gates
from ingestors.limits.store import Store, window_key
from ingestors.rest import RestClient
from runtime.clock import SystemClock
from runtime.errors import TransientError
from runtime.settings import RedisSettings
from runtime.settings.limits import BudgetSettings
from tests.support import ROOT, clean_environment, eventually_async, run_tickerplant

pytestmark = pytest.mark.stack
DAY_CALLS, PROCESSES, CALLS_EACH = 500, 4, 150


class CountingServer:
    """Counts what it is asked; the next answers may be refusals."""

    def __init__(self) -> None:
        self.calls = 0
        self.refusals: list[bytes] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                self.calls += 1
                writer.write(self.refusals.pop(0) if self.refusals else b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[tuple[CountingServer, str]]:
    counting = CountingServer()
    running = await asyncio.start_server(counting.answer, "127.0.0.1", 0)
    yield counting, f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    running.close()


@contextmanager
def processes(redis_url: str, url: str, tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    env = clean_environment({"TICKERPLANT_REDIS__URL": redis_url, "TICKERPLANT_CONFIG": str(tmp_path / "budgets.toml")})
    (tmp_path / "budgets.toml").write_text(f"[limits.budgets.polled]\nper_day = {DAY_CALLS}\n")
    command = [sys.executable, "-m", "tests.calling_process", url, str(CALLS_EACH), str(tmp_path / "next-day")]
    running = [
        subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(PROCESSES)
    ]
    try:
        yield running
    finally:
        for one in running:
            one.kill()
            one.communicate()


async def test_a_days_budget_holds_over_four_processes_whose_calls_wait_and_never_fail(
    stack: Any, server: tuple[CountingServer, str], tmp_path: Path
) -> None:
    counting, url = server
    redis_url = stack.redis_url()
    key = window_key(Account("polled", url.removeprefix("http://"), mark_of("secret")), "day")
    with processes(redis_url, url, tmp_path) as running, redis.Redis.from_url(redis_url) as client:
        await eventually_async(lambda: counting.calls == DAY_CALLS, timeout_s=120)
        scripts = _scripts_run(client)
        await eventually_async(lambda: _scripts_run(client) > scripts + 4 * PROCESSES)  # they ask, and are told to wait
        assert counting.calls == DAY_CALLS
        states = [one.poll() for one in running]
        assert None in states  # one waits, and those that are done have not failed
        assert set(states) <= {None, 0}
        env = {"TICKERPLANT_REDIS__URL": redis_url, "TICKERPLANT_CONFIG": str(tmp_path / "budgets.toml")}
        [use] = json.loads((await asyncio.to_thread(run_tickerplant, "sources", "limits", "--json", env=env)).stdout)
        assert (use["provider"], use["span"], use["used"], use["budget"]) == ("polled", "day", DAY_CALLS, DAY_CALLS)
        await _let_a_day_pass(client, key, tmp_path)
        told = [await asyncio.to_thread(one.communicate) for one in running]
    assert counting.calls == PROCESSES * CALLS_EACH
    assert [one.returncode for one in running] == [0] * PROCESSES
    assert all(out.endswith(f"asked {CALLS_EACH}\n") for out, _ in told)
    assert any("call_waits" in out for out, _ in told)


def _scripts_run(client: "redis.Redis") -> int:
    return int(client.info("commandstats").get("cmdstat_evalsha", {"calls": 0})["calls"])


async def _let_a_day_pass(client: "redis.Redis", key: str, tmp_path: Path) -> None:
    """The processes' clocks go on, and then what was asked moves a day back: until then they would tell it again."""
    (tmp_path / "next-day").touch()
    await asyncio.sleep(0.5)  # questions that are under way
    kept = client.hgetall(key)
    client.delete(key)
    client.hset(key, mapping={int(slot) - 62: weight for slot, weight in kept.items()})


async def test_a_ban_of_one_process_holds_for_the_others(stack: Any, server: tuple[CountingServer, str]) -> None:
    _, url = server
    redis_url = stack.redis_url()
    stores = [Store(redis_url, RedisSettings(), SystemClock()) for _ in range(2)]
    one, two = (Gates(SystemClock(), {}, store).of("polled", url, "secret") for store in stores)
    await one.ban(60)
    with pytest.raises(TransientError, match="polled wants no question for"):
        await two.enter(patience_s=2)
    await two.ban(0.001)  # a shorter one changes nothing
    with pytest.raises(TransientError):
        await one.enter(patience_s=2)
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.pttl(f"limits:polled:{url.removeprefix('http://').replace(':', '.')}:{mark_of('secret')}:ban") <= 60_000
    for store in stores:
        await store.close()


async def test_weights_and_spans_are_counted_over_two_processes(stack: Any) -> None:
    redis_url = stack.redis_url()
    stores = [Store(redis_url, RedisSettings(), SystemClock()) for _ in range(2)]
    told = {"polled": BudgetSettings(per_minute=100, per_day=150)}
    one, two = (Gates(SystemClock(), told, store).of("polled", "http://host") for store in stores)
    await one.enter(60)
    with pytest.raises(TransientError, match="for 6"):
        await two.enter(41, patience_s=1)
    await two.enter(40)
    with redis.Redis.from_url(redis_url) as client:
        name = window_key(Account("polled", "host"), "day")
        assert sum(int(weight) for weight in client.hvals(name)) == 100
        assert 86_400 < client.ttl(name) <= Limit(1, "day").slot_s * 62 + 1
    for store in stores:
        await store.close()


async def test_what_was_asked_while_redis_was_away_is_told_when_it_is_back(stack: Any) -> None:
    redis_url = stack.redis_url()
    clock, told = SystemClock(), {"polled": BudgetSettings(per_day=5)}
    store = Store("redis://127.0.0.1:1/0", RedisSettings(), clock)
    gate = Gates(clock, told, store).of("polled", "http://host")
    await gate.enter()
    await gate.enter()
    there = gate._store = Store(redis_url, RedisSettings(), clock)
    await gate.enter()
    other = Gates(clock, told, Store(redis_url, RedisSettings(), clock)).of("polled", "http://host")
    await other.enter(2)
    with pytest.raises(TransientError, match="polled wants no question"):
        await other.enter(patience_s=1)
    assert other._store is not None
    for one in (store, there, other._store):
        await one.close()


async def test_a_redis_that_forgot_everything_is_told_what_was_asked(stack: Any) -> None:
    """One was restarted without a disk, or gave the key up for want of memory."""
    redis_url, clock, told = stack.redis_url(), SystemClock(), {"polled": BudgetSettings(per_minute=5, per_day=5)}
    stores = [Store(redis_url, RedisSettings(), clock) for _ in range(2)]
    one, two = (Gates(clock, told, store).of("polled", "http://forgot") for store in stores)
    await one.enter(2)
    await two.enter(2)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(*(window_key(Account("polled", "forgot"), span) for span in ("minute", "day")))
    await two.enter()  # it was told of the other's two
    for gate in (one, two):
        with pytest.raises(TransientError, match="polled wants no question"):
            await gate.enter(patience_s=1)
    for store in stores:
        await store.close()


async def test_an_ingestors_client_asks_through_the_shared_gate(stack: Any, server: tuple[CountingServer, str], tmp_path: Path) -> None:
    counting, url = server
    counting.refusals.append(b"HTTP/1.1 429 X\r\nContent-Length: 0\r\nRetry-After: 3600\r\n\r\n")
    store = Store(stack.redis_url(), RedisSettings(), SystemClock())
    gates = Gates(SystemClock(), {}, store)
    clients = [RestClient(url, "ingest.binance", "binance") for _ in range(2)]
    for client in clients:
        client._gate = gates.of("binance", url)
        with pytest.raises(TransientError):
            await client.get("/api/v3/time")
    assert counting.calls == 1  # the second one knew
    for client in clients:
        await client.close()
    await store.close()


def test_without_a_redis_the_command_says_what_holds(tmp_path: Path) -> None:
    answer = run_tickerplant("sources", "limits", "--data-dir", str(tmp_path))
    assert answer.returncode == 2
    assert "every process counts alone" in answer.stderr
