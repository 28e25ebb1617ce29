"""What the ingestor of Kraken's WebSocket v1 is told and what follows from it."""

from collections.abc import Collection, Mapping

NAME = "kraken-v1"
SECTION = "providers.kraken_v1"  # of the settings
STAGE = "ingest.kraken-v1"  # on dead letters and metrics
HEARTBEAT_TIMEOUT_S = 10.0  # it says something every second
REQUEST_INTERVAL_S = 0.02
SYMBOLS_A_MESSAGE = 100


def key(channel: str, name: str) -> str:
    """One subscription, as requests and acknowledgements name it; channel: without its depth, as `book`."""
    return f"{channel}:{name}"


def resolve(symbols: Collection[str], listed: Mapping[str, str]) -> dict[str, str]:
    """Canonical symbols to those of WebSocket v1 (XBT/USD), of those that are listed by their canonical names."""
    return {symbol: listed[symbol] for symbol in symbols if symbol in listed}
