"""What the ingestor of Twelve Data's stream is told and what follows from it: the provider's names."""

from collections.abc import Collection, Iterable

NAME = "twelve-data-stream"
SECTION = "providers.twelve_data_stream"  # of the settings
STAGE = "ingest.twelve-data-stream"  # on dead letters and metrics
KEY = f"{SECTION}.api_key"
HEARTBEAT_INTERVAL_S = 10.0  # it wants to hear from us so often
REQUEST_INTERVAL_S = 0.05
SYMBOLS_A_MESSAGE = 100


def name_of(symbol: str) -> str:
    """`EUR-USD` to `EUR/USD`."""
    return symbol.replace("-", "/")


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to the provider's names, those that it lists."""
    known = set(listed)
    return {symbol: name_of(symbol) for symbol in symbols if name_of(symbol) in known}
