"""Where an ingestor writes to, and where it reads what it wrote before."""

import asyncio
from collections.abc import Collection
from typing import Protocol

from ingestors.asked_symbols import AskedSymbols
from ingestors.polling.resume import read_sent_bars
from ingestors.polling.sent_bars import SentBars, SeriesKey
from ingestors.publisher import EventPublisher
from ingestors.resume import Published, read_published
from runtime.kafka import Publisher
from runtime.settings import KafkaSettings
from schemas.sources import SourceState

_KAFKA_TIMEOUT_S = 2.0


class Output(Protocol):
    """source_state: as of the last asked_symbols. read_published, asked_symbols, sent_bars (of polled sources; kept: bars of a series that are remembered): raise TransientError while they cannot be read.
    answers: whether the other side is there."""

    async def read_published(self, source: str, symbols: Collection[str], by_time: bool) -> Published: ...

    def publisher(self) -> Publisher: ...

    async def answers(self, publisher: EventPublisher) -> bool: ...

    async def asked_symbols(self, source: str) -> tuple[str, ...] | None: ...

    def source_state(self, source: str) -> SourceState | None: ...

    async def sent_bars(self, source: str, wanted: Collection[SeriesKey], kept: int) -> SentBars: ...


class KafkaOutput:
    """The real one."""

    def __init__(self, kafka: KafkaSettings, bootstrap: str) -> None:
        self._kafka = kafka
        self._bootstrap = bootstrap
        self._asked: dict[str, AskedSymbols] = {}

    async def read_published(self, source: str, symbols: Collection[str], by_time: bool) -> Published:
        return await asyncio.to_thread(read_published, self._kafka, self._bootstrap, source, symbols, by_time)

    def publisher(self) -> Publisher:
        return Publisher(self._kafka, self._bootstrap)

    async def answers(self, publisher: EventPublisher) -> bool:
        return await asyncio.to_thread(publisher.answers, _KAFKA_TIMEOUT_S)

    async def asked_symbols(self, source: str) -> tuple[str, ...] | None:
        asked = self._asked.setdefault(source, AskedSymbols(self._kafka, self._bootstrap, source))
        return await asyncio.to_thread(asked.newest)

    def source_state(self, source: str) -> SourceState | None:
        asked = self._asked.get(source)
        return asked.state if asked else None

    async def sent_bars(self, source: str, wanted: Collection[SeriesKey], kept: int) -> SentBars:
        return await asyncio.to_thread(read_sent_bars, self._kafka, self._bootstrap, source, wanted, kept)
