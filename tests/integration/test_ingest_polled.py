"""A polled provider on a real broker: what it published is where a restart goes on, what was restated meanwhile comes again, and gaps are closed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ingestors.alpha_vantage.ingestor import build
from ingestors.limits import gates
from ingestors.limits.gates import Gates
from ingestors.polling import ingestor as ingestor_module
from ingestors.polling import timetable
from runtime.clock import ManualClock
from runtime.health import Health
from runtime.settings import load_settings
from runtime.settings.limits import BudgetSettings
from schemas.bars import ProviderBar
from schemas.codec import decode_gap, decode_provider_bar, decode_raw_ticks
from schemas.gaps import Gap
from schemas.ticks import Quote, TickEnvelope, Watermark
from schemas.timeframes import MINUTE_NS, Timeframe
from schemas.topics import Topic
from tests.feeds import read_topic
from tests.poll_server import START_NS, poll_server
from tests.polled.alpha_vantage import AlphaVantage
from tests.support import eventually_async, run_tickerplant

pytestmark = pytest.mark.stack
NAME = "alpha-vantage"


@asynccontextmanager
async def ingesting(line: Any, url: str, clock: ManualClock) -> AsyncIterator[Any]:
    section = {"rest_url": url, "symbols": ["AAPL", "EUR-USD"], "timeframes": ["30m"], "api_key": "secret", "first_bars": 3}
    section |= {"bars_delay_s": 5, "poll_interval_s": 10, "gap_after_s": 30}
    provided = load_settings(providers={"alpha_vantage": section}).providers
    settings = line.settings.model_copy(update={"providers": provided})
    ingestor = build(settings, line.addresses.kafka, clock, Health(f"ingest-{NAME}", clock))
    running = asyncio.ensure_future(ingestor.run())
    try:
        yield ingestor
    finally:
        ingestor.stop()
        await asyncio.wait_for(running, 60)


async def read(line: Any, topic: Topic, decode: Callable[[bytes], Any]) -> list[Any]:
    """Beside the loop that the ingestor runs in."""
    messages = await asyncio.to_thread(read_topic, line.settings, line.addresses.kafka, topic)
    return [decode(message.value()) for message in messages]


async def test_a_restart_goes_on_where_the_topics_end(line: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestor_module, "TURN_S", 0.02)
    monkeypatch.setattr(timetable, "AGAIN_S", 0.01)
    monkeypatch.setattr(timetable, "AGAIN_CAP_S", 0.05)
    clock = ManualClock(START_NS)
    monkeypatch.setattr(gates, "_of_process", Gates(clock, {NAME: BudgetSettings()}))
    async with poll_server(AlphaVantage(), clock) as (server, url):
        async with ingesting(line, url, clock) as ingestor:
            await eventually_async(lambda: _all_answered(ingestor))
        assert (len(await bars(line)), len(await quotes(line))) == (6, 1)
        async with ingesting(line, url, clock) as ingestor:  # nothing has happened meanwhile
            await eventually_async(lambda: _all_answered(ingestor))
            server.instead = (503, b"")
            clock.set_ns(clock.now_ns() + 31 * MINUTE_NS)
            await eventually_async(lambda: _failing(ingestor, clock))
        [first, second] = await told(line)
        assert (first.state, second.state) == ("open", "open")
        clock.set_ns(clock.now_ns() + 31 * MINUTE_NS)
        server.instead = None
        before = await bars(line)
        server.market.restate(max(bar.ts_close_ns for bar in before))
        async with ingesting(line, url, clock) as ingestor:
            await eventually_async(lambda: _all_answered(ingestor))
    gaps = await told(line)
    assert {gap.gap_id: gap.state for gap in gaps} == {first.gap_id: "filled", second.gap_id: "filled"}
    published = await bars(line)
    for symbol in ("AAPL", "EUR-USD"):
        mine = [bar.ts_open_ns for bar in published if bar.symbol == symbol and not bar.again]
        assert mine == [one.open_ns for one in server.market.candles(symbol, Timeframe.M30, mine[0], mine[-1] + 1)]
        assert len(mine) == 5
        restated = {bar.ts_open_ns: float(bar.close) for bar in published if bar.symbol == symbol and bar.again}
        wanted = {bar.ts_open_ns: float(bar.close) + 1 for bar in before if bar.symbol == symbol}
        assert {ts_open_ns: restated.get(ts_open_ns) for ts_open_ns in wanted} == pytest.approx(wanted)
    times = [quote.ts_event_ns for quote in await quotes(line)]
    assert len(times) == len(set(times)) == 2


def _all_answered(ingestor: Any) -> bool:
    """Each job was asked and is due later."""
    return (
        bool(ingestor._questions.jobs)
        and not ingestor._questions.asking
        and all(job.due_ns > ingestor._clock.now_ns() and not job.backoff.attempts for job in ingestor._questions.jobs)
    )


def _failing(ingestor: Any, clock: ManualClock) -> bool:
    """Time goes on until the bars of both symbols are told as missing."""
    clock.advance_s(2)
    return len([asked for asked in ingestor._asker._outages.open() if asked.channel == "bar"]) == 2


async def bars(line: Any) -> list[ProviderBar]:
    return await read(line, Topic.BARS_RAW, decode_provider_bar)


async def quotes(line: Any) -> list[Quote]:
    records: list[TickEnvelope | Watermark] = await read(line, Topic.TICKS_RAW, decode_raw_ticks)
    return [tick for record in records if isinstance(record, TickEnvelope) for tick in record.ticks if isinstance(tick, Quote)]


async def told(line: Any) -> list[Gap]:
    return [gap for gap in await read(line, Topic.GAPS, decode_gap) if gap.channel == "bar"]


def test_without_its_key_a_provider_does_not_start_and_says_which_setting_is_missing(line: Any) -> None:
    answer = run_tickerplant("ingest", NAME, env=line.env())
    assert answer.returncode == 2
    assert (
        answer.stderr.strip()
        .splitlines()[-1]
        .endswith(
            "alpha-vantage needs a key: set providers.alpha_vantage.api_key in the settings, or TICKERPLANT_PROVIDERS__ALPHA_VANTAGE__API_KEY in the environment"
        )
    )
    assert "Traceback" not in answer.stderr
