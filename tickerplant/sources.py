"""The symbols of a source: what the settings say, or what was asked for at run time; and changes of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ingestors.asked_symbols import AskedSymbols
from ingestors.registry import provider_of
from runtime.clock import SystemClock
from runtime.errors import FatalError, TransientError, UserError
from runtime.kafka import Publisher
from runtime.settings import Settings
from runtime.settings.providers import StreamSettings
from runtime.settings.providers.polled import PollSettings
from schemas.codec import encode
from schemas.headers import TYPE
from schemas.partitioner import partition_of
from schemas.sources import SourceSymbols
from schemas.symbols import SYMBOL
from schemas.topics import Topic

_MOST = 5_000
_DELIVERY_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a source's ingestor carries. by: who says so."""

    source: str
    symbols: tuple[str, ...]
    by: Literal["settings", "command"]


def section_of(settings: Settings, provider: str) -> StreamSettings | PollSettings:
    """A provider's section. Raises UserError if there is no such provider, or it takes files and has no symbols of its own."""
    if provider_of(provider).transport == "files":
        raise UserError(f"{provider} takes files: their rows say which symbols they are of")
    section = settings.binance if provider == "binance" else getattr(settings.providers, provider.replace("-", "_"))
    assert isinstance(section, StreamSettings | PollSettings)
    return section


def change_symbols(
    settings: Settings, bootstrap: str, provider: str, add: Collection[str] = (), remove: Collection[str] = (), reset: bool = False
) -> Asked:
    """What holds after the change; without one, what holds. Blocks until the broker has it. Raises UserError."""
    section = section_of(settings, provider)
    if reset and (add or remove):
        raise UserError("--reset goes with neither --add nor --remove: leave one out")
    before = _read(settings, bootstrap, section)
    if not (add or remove or reset):
        return before
    wanted = () if reset else _changed(before.symbols, add, remove)
    _write(settings, bootstrap, section.source, wanted)
    return Asked(section.source, section.symbols, "settings") if reset else Asked(section.source, wanted, "command")


def _read(settings: Settings, bootstrap: str, section: StreamSettings | PollSettings) -> Asked:
    reader = AskedSymbols(settings.kafka, bootstrap, section.source)
    try:
        asked = reader.newest()
    except TransientError as error:
        raise UserError(f"{error}; is the stack up, and are its topics there (`tickerplant topics check`)?") from None
    finally:
        reader.close()
    return Asked(section.source, asked, "command") if asked else Asked(section.source, section.symbols, "settings")


def _changed(have: Collection[str], add: Collection[str], remove: Collection[str]) -> tuple[str, ...]:
    for symbol in (*add, *remove):
        if not SYMBOL.fullmatch(symbol):
            raise UserError(f"{symbol!r} is not a symbol; write it as BTC-USD, AAPL, BRK.B or I.SPX")
    strangers = sorted(set(remove) - set(have))
    if strangers:
        raise UserError(f"{', '.join(strangers)} is not carried; there are: {', '.join(have)}")
    wanted = tuple(dict.fromkeys([symbol for symbol in (*have, *add) if symbol not in remove]))
    if not 1 <= len(wanted) <= _MOST:
        raise UserError(f"{len(wanted)} symbols: an ingestor carries 1 to {_MOST}; stop it if it shall carry none")
    return wanted


def _write(settings: Settings, bootstrap: str, source: str, symbols: tuple[str, ...]) -> None:
    publisher = Publisher(settings.kafka, bootstrap)
    record = SourceSymbols(source, list(symbols), SystemClock().now_ns())
    publisher.send(Topic.SOURCES, partition_of(source, settings.kafka.partitions), encode(record), source.encode(), {TYPE: b"source"})
    try:
        publisher.flush(_DELIVERY_TIMEOUT_S)
    except (FatalError, TransientError) as error:
        raise UserError(f"the change is perhaps not made ({error}); run the same command again") from None
