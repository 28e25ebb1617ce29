"""Two exchanges with one symbol on a real Kafka, through the real stage: one dies, the other takes its place, and readers see one series and the change."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ingestors.binance.ingestor import build
from ingestors.exchange_server.generator import Generated, Generator
from ingestors.exchange_server.pace import CatchUpPace
from ingestors.output import KafkaOutput
from runtime.clock import SystemClock
from runtime.health import Health
from runtime.settings import Settings, load_settings
from schemas.codec import decode_source, decode_ticks
from schemas.sources import PrimaryChange
from schemas.ticks import TickEnvelope, Watermark
from schemas.timeframes import SECOND_NS
from schemas.topics import Topic
from tests.feeds import exchange_of, read_topic
from tests.support import eventually_async, start_tickerplant

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
SYMBOL = "BTC-USDT"


@asynccontextmanager
async def source(line: Any, name: str, priority: int) -> AsyncIterator[tuple[Any, Settings]]:
    """An exchange of its own with an ingestor at it; yields the exchange's server."""
    start_s = SystemClock().now_ns() // SECOND_NS - 2
    material = Generator(Generated((SYMBOL,), 7, start_s, None, 5.0))
    async with exchange_of(material, CatchUpPace(SystemClock())) as (server, binance):
        own = {"clock": "system", "source": name, "symbols": [SYMBOL], "priority": priority}
        dumped = {section: getattr(line.settings, section) for section in ("data_dir", "kafka", "postgres", "redis")}
        settings = load_settings(**dumped, binance=binance | own)
        output = KafkaOutput(settings.kafka, line.addresses.kafka)
        ingestor = build(settings, line.addresses.kafka, SystemClock(), Health(f"ingest-{name}", SystemClock()), output)
        running = asyncio.ensure_future(ingestor.run())
        try:
            yield server, settings
        finally:
            ingestor.stop()
            await asyncio.wait_for(running, 60)


async def passed_on(line: Any) -> list[TickEnvelope | Watermark]:
    messages = await asyncio.to_thread(read_topic, line.settings, line.addresses.kafka, Topic.TICKS)
    return [decode_ticks(message.value()) for message in messages]


def sources_of(records: list[TickEnvelope | Watermark], primary: bool) -> list[str]:
    """Of the symbol's ticks that are the primary's, or are not, in the log's order."""
    envelopes = [record for record in records if isinstance(record, TickEnvelope)]
    return [envelope.source for envelope in envelopes for tick in envelope.ticks if tick.primary is primary]


async def changes(line: Any) -> list[PrimaryChange]:
    messages = await asyncio.to_thread(read_topic, line.settings, line.addresses.kafka, Topic.SOURCES)
    return [event for message in messages if isinstance(event := decode_source(message.value()), PrimaryChange)]


async def test_when_the_primary_dies_the_other_source_takes_its_place(make_line: Any, tmp_path: Path) -> None:
    line = make_line(kafka={"partitions": 1})
    stage = start_tickerplant("process", "validate", env=line.env(), log=tmp_path / "validate.log")
    try:
        async with source(line, "first", 10) as (server, _):
            await eventually_async(lambda: _has(line, True, "first"), timeout_s=90, interval_s=0.5)
            async with source(line, "second", 20):
                await eventually_async(lambda: _has(line, False, "second"), timeout_s=90, interval_s=0.5)
                await server.stop()  # every connection, REST too
                (change,) = await eventually_async(lambda: changes(line), timeout_s=90, interval_s=0.5)
                await eventually_async(lambda: _has(line, True, "second"), timeout_s=90, interval_s=0.5)
    finally:
        stage.terminate()
        stage.wait(60)
    assert (change.symbol, change.source, change.previous, change.primary_epoch, change.reason) == (SYMBOL, "second", "first", 1, "lost")
    assert 3 * SECOND_NS < change.ts_event_ns - change.heard_ns < 30 * SECOND_NS  # of event time, as the log has it
    records = await passed_on(line)
    primary = sources_of(records, primary=True)
    assert primary == sorted(primary)  # the first one's, then the second one's, never one between the other's
    told = [one for record in records if isinstance(record, Watermark) for one in record.changes]
    assert [(one.source, one.previous, one.epoch) for one in told] == [("second", "first", 1)]


async def _has(line: Any, primary: bool, name: str) -> bool:
    return name in sources_of(await passed_on(line), primary)
