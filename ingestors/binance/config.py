"""What the Binance ingestor is told and what follows from it: venue symbols, stream names, the address of the combined stream."""

from dataclasses import dataclass

from runtime.errors import UserError
from runtime.settings import BinanceSettings

NAME = "binance"
PROCESS = "ingest-binance"
STAGE = "ingest.binance"  # on dead letters and metrics
STREAMS_PER_CONNECTION = 1024  # the venue's limit


@dataclass(frozen=True, slots=True)
class Subscription:
    """venue_symbols: canonical to the venue's name; path: of the combined stream, with its query."""

    venue_symbols: dict[str, str]
    path: str

    def canonical(self) -> dict[str, str]:
        """The venue's name to the canonical one."""
        return {venue: symbol for symbol, venue in self.venue_symbols.items()}


def subscribe(settings: BinanceSettings, table: dict[str, tuple[str, str]]) -> Subscription:
    """The subscription that the settings ask for. table: the venue's name to (canonical, status). Raises UserError for a symbol that is not there."""
    by_canonical = {canonical: venue for venue, (canonical, _) in table.items()}
    missing = [symbol for symbol in settings.symbols if symbol not in by_canonical]
    if missing:
        raise UserError(f"binance does not list {', '.join(missing)}; write symbols as BASE-QUOTE in binance.symbols, such as BTC-USDT")
    venue_symbols = {symbol: by_canonical[symbol] for symbol in settings.symbols}
    streams = [f"{venue.lower()}@{stream}" for venue in venue_symbols.values() for stream in settings.streams]
    if len(streams) > STREAMS_PER_CONNECTION:
        raise UserError(
            f"{len(streams)} streams are more than the {STREAMS_PER_CONNECTION} that binance allows a connection: "
            "choose fewer in binance.symbols or binance.streams, or run several ingestors"
        )
    return Subscription(venue_symbols, "/stream?streams=" + "/".join(streams))
