"""Two polled providers of one symbol on a real Kafka, through the real stages: one dies, the other takes its place, and a reader that names no source sees
one bar an interval, and the change."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ingestors.alpha_vantage.ingestor import build as build_alpha_vantage
from ingestors.fmp.ingestor import build as build_fmp
from ingestors.limits import gates
from ingestors.limits.gates import Gates
from ingestors.polling import ingestor as ingestor_module
from ingestors.polling import timetable
from runtime.clock import ManualClock
from runtime.health import Health
from runtime.settings import load_settings
from runtime.settings.limits import BudgetSettings
from schemas.bars import Bar
from schemas.codec import decode_bar, decode_source
from schemas.sources import PrimaryChange
from schemas.timeframes import MINUTE_NS, SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.feeds import read_topic
from tests.poll_server import START_NS, PollServer, poll_server
from tests.polled.alpha_vantage import AlphaVantage
from tests.polled.fmp import Fmp
from tests.support import eventually_async, start_tickerplant

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
SYMBOL, FIRST_BARS = "AAPL", 3
BUILDS = {"alpha-vantage": build_alpha_vantage, "fmp": build_fmp}
DIALECTS: dict[str, Any] = {"alpha-vantage": AlphaVantage, "fmp": Fmp}


@asynccontextmanager
async def source(line: Any, name: str, priority: int, clock: ManualClock) -> AsyncIterator[PollServer]:
    """A provider with an ingestor at it."""
    async with poll_server(DIALECTS[name](), clock) as (server, url):
        section = {"rest_url": url, "symbols": [SYMBOL], "timeframes": ["30m"], "api_key": "secret", "first_bars": FIRST_BARS}
        section |= {"bars_delay_s": 5, "gap_after_s": 3600, "priority": priority}
        settings = line.settings.model_copy(update={"providers": load_settings(providers={name.replace("-", "_"): section}).providers})
        ingestor = BUILDS[name](settings, line.addresses.kafka, clock, Health(f"ingest-{name}", clock))
        running = asyncio.ensure_future(ingestor.run())
        try:
            yield server
        finally:
            ingestor.stop()
            await asyncio.wait_for(running, 60)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    clock = ManualClock(START_NS)
    monkeypatch.setattr(ingestor_module, "TURN_S", 0.02)
    monkeypatch.setattr(timetable, "AGAIN_S", 0.01)
    monkeypatch.setattr(timetable, "AGAIN_CAP_S", 0.05)
    monkeypatch.setattr(gates, "_of_process", Gates(clock, {name: BudgetSettings() for name in BUILDS}))
    return clock


@pytest.fixture
def staged(make_line: Any, tmp_path: Path) -> Any:
    line = make_line(kafka={"partitions": 1})
    # Time runs ten times as fast in this test: an ingestor that a busy machine holds up for half a second would be lost for five.
    environment = line.env(TICKERPLANT_PROCESS__FAILOVER='{"lost_s": 10}')
    with ExitStack() as stack:
        for name in ("validate", "bars"):
            process = start_tickerplant("process", name, env=environment, log=tmp_path / f"{name}.log")
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
        yield line


async def test_when_the_provider_dies_the_other_one_takes_its_place_and_gives_it_back(staged: Any, clock: ManualClock) -> None:
    line = staged
    async with source(line, "alpha-vantage", 10, clock) as server:
        await eventually_async(lambda: _has(line, "alpha-vantage", FIRST_BARS), timeout_s=90, interval_s=0.5)
        async with source(line, "fmp", 20, clock):
            await eventually_async(lambda: _has(line, "fmp", FIRST_BARS), timeout_s=90, interval_s=0.5)
            await _next_bar(line, clock, ("alpha-vantage", "fmp"), FIRST_BARS + 1)
            server.instead = (503, b"")
            await _next_bar(line, clock, ("fmp",), FIRST_BARS + 2)
            asked_ns = clock.now_ns()
            (away,) = await _changes(line, clock, 1)
            await _next_bar(line, clock, ("fmp",), FIRST_BARS + 3)
            server.instead = None
            await _advancing(clock, lambda: _has(line, "alpha-vantage", FIRST_BARS + 3))
            (_, back) = await _changes(line, clock, 2)
            await _next_bar(line, clock, ("alpha-vantage", "fmp"), FIRST_BARS + 4)
    assert (away.symbol, away.timeframe, away.source, away.previous, away.reason) == (SYMBOL, "30m", "fmp", "alpha-vantage", "lost")
    assert (
        0 < away.known_at_ns - asked_ns < 90 * SECOND_NS
    )  # 15 s without an answer and 10 s of lost_s, by a clock that runs ten times as fast as ours
    assert (back.source, back.previous, back.reason, back.primary_epoch) == ("alpha-vantage", "fmp", "preferred", 2)
    newest = {(bar.ts_open_ns, bar.source): bar for bar in await _bars(line)}
    series = [(bar.ts_open_ns, bar.source) for bar in newest.values() if bar.primary]
    opens = sorted({ts_open_ns for ts_open_ns, _ in series})
    assert len(series) == len(opens) == FIRST_BARS + 4  # one an interval, and none is left out
    assert opens == [candle.open_ns for candle in server.market.candles(SYMBOL, Timeframe.M30, opens[0], opens[-1] + 1)]
    assert [source for _, source in sorted(series)] == [*["alpha-vantage"] * (FIRST_BARS + 1), "fmp", "fmp", "alpha-vantage"]


async def _next_bar(line: Any, clock: ManualClock, sources: tuple[str, ...], number: int) -> None:
    clock.set_ns(clock.now_ns() + 30 * MINUTE_NS)
    for name in sources:
        await eventually_async(lambda name=name: _has(line, name, number), timeout_s=90, interval_s=0.5)


async def _advancing(clock: ManualClock, check: Callable[[], Awaitable[Any]]) -> Any:
    """Time goes on, ten times as fast as here, until there is an answer."""

    async def later() -> Any:
        for _ in range(20):
            clock.advance_s(0.5)
            await asyncio.sleep(0.05)
        return await check()

    return await eventually_async(later, timeout_s=120)


async def _changes(line: Any, clock: ManualClock, number: int) -> list[PrimaryChange]:
    """When there are so many."""

    async def told() -> list[PrimaryChange]:
        messages = await asyncio.to_thread(read_topic, line.settings, line.addresses.kafka, Topic.SOURCES)
        found = [event for message in messages if isinstance(event := decode_source(message.value()), PrimaryChange)]
        return found if len(found) >= number else []

    return list(await _advancing(clock, told))


async def _bars(line: Any) -> list[Bar]:
    messages = await asyncio.to_thread(read_topic, line.settings, line.addresses.kafka, Topic.BARS)
    return [decode_bar(message.value()) for message in messages]


async def _has(line: Any, name: str, number: int) -> bool:
    return len({bar.ts_open_ns for bar in await _bars(line) if bar.source == name}) >= number
