"""What the Binance ingestor is told and what follows from it: venue symbols, stream names."""

from collections.abc import Collection, Mapping

from runtime.errors import UserError
from runtime.settings.providers import BinanceSettings

NAME = "binance"
SECTION = "binance"  # of the settings
STAGE = "ingest.binance"  # on dead letters and metrics
PATH_CHARACTERS = 4_000  # streams that fit are named in the address, which needs no acknowledgement; longer ones are asked for in messages
STREAMS_A_MESSAGE = 100
REQUEST_INTERVAL_S = 0.25  # the venue cuts connections that say more than 5 messages a second
LIFETIME_S = 24 * 3600.0
STREAMS_PER_CONNECTION = 1024  # the venue's limit


def check(settings: BinanceSettings) -> None:
    """Raises UserError for more streams than a connection takes."""
    streams = settings.symbols_per_connection * len(settings.streams)
    if streams > STREAMS_PER_CONNECTION:
        raise UserError(
            f"{streams} streams are more than the {STREAMS_PER_CONNECTION} that binance allows a connection: lower binance.symbols_per_connection"
        )


def streams_of(settings: BinanceSettings, venue_symbols: Mapping[str, str], symbols: Collection[str]) -> list[str]:
    """The venue's names of all streams of canonical symbols."""
    return [f"{venue_symbols[symbol].lower()}@{stream}" for symbol in symbols for stream in settings.streams]


def path_of(streams: list[str]) -> str:
    """Of the combined stream, with the streams where they fit."""
    path = "/stream?streams=" + "/".join(streams)
    return path if len(path) <= PATH_CHARACTERS else "/stream"


def resolve(symbols: Collection[str], table: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Canonical symbols to the venue's, those that it lists. table: the venue's name to (canonical, status)."""
    by_canonical = {canonical: venue for venue, (canonical, _) in table.items()}
    return {symbol: by_canonical[symbol] for symbol in symbols if symbol in by_canonical}
