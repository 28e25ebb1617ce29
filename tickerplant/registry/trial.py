"""`sources test`: the provider's own ingestor for some seconds, at the address of the settings, with nothing behind it. What it would have published is looked at."""

import asyncio
import pkgutil
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ingestors.polling.sent_bars import SentBars, SeriesKey
from ingestors.publisher import EventPublisher
from ingestors.registry import Provider
from ingestors.resume import Published
from runtime.addresses import resolve
from runtime.clock import Clock
from runtime.errors import FatalError, TransientError, UserError
from runtime.health import Health
from runtime.settings import Settings
from schemas.codec import decode_dead_letter, decode_provider_bar, decode_raw_ticks
from schemas.sources import SourceState
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.timeframes import SECOND_NS
from schemas.topics import Topic
from tickerplant.registry.store import registry_at
from tickerplant.sources import section_of

_LOOK_S = 0.05
_STOP_S = 10.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """said: in one line what was seen, or what is wrong."""

    passed: bool
    said: str


class _Seen:
    """Stands for Kafka: ingestors.output.Output and its producer in one. seen: the first event in words; letter: why the first frame was refused."""

    def __init__(self) -> None:
        self.seen = ""
        self.letter = ""

    async def read_published(self, source: str, symbols: Collection[str], by_time: bool) -> Published:
        return Published(by_time=by_time)

    async def asked_symbols(self, source: str) -> None:
        return None

    def source_state(self, source: str) -> SourceState | None:
        return None

    async def sent_bars(self, source: str, wanted: Collection[SeriesKey], kept: int) -> SentBars:
        return SentBars(kept)

    def publisher(self) -> Any:
        return self

    async def answers(self, publisher: EventPublisher) -> bool:
        return True

    def send(self, topic: Topic, partition: int, value: bytes, key: bytes | None = None, headers: Any = None) -> None:
        if topic is Topic.TICKS_RAW and isinstance(event := decode_raw_ticks(value), TickEnvelope):
            self.seen = self.seen or _tick_in_words(event.ticks[-1])
        elif topic is Topic.BARS_RAW:
            bar = decode_provider_bar(value)
            self.seen = self.seen or f"{bar.symbol} {bar.timeframe} bar of {_age(bar.known_at_ns - bar.ts_close_ns)} ago, close {bar.close}"
        elif topic is Topic.DLQ:
            letter = decode_dead_letter(value)
            self.letter = self.letter or f"{letter.reason}: {letter.error}"

    def poll(self) -> None:
        pass

    def waiting(self) -> int:
        return 0

    def flush(self) -> None:
        pass


def _tick_in_words(tick: Trade | Quote) -> str:
    age = _age(tick.ts_ingest_ns - tick.ts_event_ns)
    if isinstance(tick, Trade):
        return f"{tick.symbol} traded {tick.size} at {tick.price}, {age} before it came"
    return f"{tick.symbol} quoted {tick.bid} to {tick.ask}, {age} before it came"


def _age(age_ns: int) -> str:
    return f"{age_ns / SECOND_NS:.3g} s"


async def tried(provider: Provider, settings: Settings, clock: Clock, timeout_s: float) -> Verdict:
    """What came within the time. Waits timeout_s and some seconds at most."""
    seen, health, begin_s = _Seen(), Health(provider.process, clock), clock.monotonic_s()
    try:
        ingestor = pkgutil.resolve_name(provider.ingestor)(settings, "", clock, health, seen)
    except (UserError, TransientError, FatalError) as error:
        return Verdict(False, str(error))
    running = asyncio.ensure_future(ingestor.run())
    try:
        while not (seen.seen or running.done()) and clock.monotonic_s() - begin_s < timeout_s:
            await asyncio.wait([running], timeout=_LOOK_S)
        checks = {name: answer for name, answer in health.ready()[1].items() if answer and name != "kafka"}  # there is none here
    finally:
        ingestor.stop()
        await asyncio.wait([running], timeout=_STOP_S)
        running.cancel()
    if seen.seen:
        return Verdict(True, f"{seen.seen}; {clock.monotonic_s() - begin_s:.1f} s after the start")
    return Verdict(False, _why_not(running, seen, checks, timeout_s))


def _why_not(running: "asyncio.Future[None]", seen: _Seen, checks: dict[str, str], timeout_s: float) -> str:
    error = None if not running.done() or running.cancelled() else running.exception()
    if error is not None:
        return f"{error}"
    if seen.letter:
        return f"what it sends cannot be read: {seen.letter}"
    found = "; ".join(f"{name}: {answer}" for name, answer in checks.items())
    return f"no event within {timeout_s:g} s ({found or 'connected and subscribed'})"


def one_symbol(settings: Settings, provider: str) -> Settings:
    """The settings with the provider's first symbol alone, and no capture."""
    section = section_of(settings, provider)
    alone = section.model_copy(update={"symbols": section.symbols[:1]})
    quiet = settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"capture": False})})
    if provider == "binance":
        return quiet.model_copy(update={"binance": alone})
    return quiet.model_copy(update={"providers": settings.providers.model_copy(update={provider.replace("-", "_"): alone})})


def keep(settings: Settings, provider: str, verdict: Verdict) -> None:
    """Notes it in the registry, where there is one and the provider is in it."""
    try:
        with registry_at(resolve(settings).postgres) as registry:
            registry.keep_test(provider, verdict.passed, verdict.said)
    except UserError:
        return  # a test needs no stack
