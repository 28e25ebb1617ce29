"""A Binance ingestor of this process, between a server that speaks the exchange's own protocol and a line's Kafka."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ingestors.binance.ingestor import build
from ingestors.stream import StreamIngestor
from runtime.clock import SystemClock
from runtime.health import Health
from runtime.settings import Settings, load_settings
from tests.feeds import exchange_of

BINANCE = {"symbols": ["BTC-USDT"], "streams": ["trade", "bookTicker", "depth@100ms"]}


def settings_of(line: Any, binance: dict[str, Any], **sections: Any) -> Settings:
    """The line's settings with an ingestor's."""
    dumped = {name: getattr(line.settings, name) for name in ("data_dir", "kafka", "postgres", "redis")}
    return load_settings(**dumped, binance={**BINANCE, **binance}, **sections)


@asynccontextmanager
async def ingesting(settings: Settings, bootstrap: str) -> AsyncIterator[StreamIngestor]:
    """An ingestor in this event loop; leaving the block stops it in order."""
    ingestor = build(settings, bootstrap, SystemClock(), Health("ingest-binance", SystemClock()))
    running = asyncio.ensure_future(ingestor.run())
    try:
        yield ingestor
    finally:
        ingestor.stop()
        await asyncio.wait_for(running, 60)


async def ingest_all(line: Any, material: Any, **sections: Any) -> Settings:
    """Everything of the material through one ingestor."""
    async with exchange_of(material) as (server, binance):
        settings = settings_of(line, binance, **sections)
        async with ingesting(settings, line.addresses.kafka):
            await asyncio.wait_for(server.ended.wait(), 60)
    return settings
