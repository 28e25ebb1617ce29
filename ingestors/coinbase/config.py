"""What the Coinbase Exchange ingestor is told and what follows from it: product names, subscription keys."""

from collections.abc import Collection, Iterable

from runtime.settings.providers import CoinbaseSettings

NAME = "coinbase"
SECTION = "providers.coinbase"  # of the settings
STAGE = "ingest.coinbase"  # on dead letters and metrics
HEARTBEAT_TIMEOUT_S = 10.0  # the channel heartbeat says something every second
REQUEST_INTERVAL_S = 0.02


def key(channel: str, product: str) -> str:
    """One subscription, as requests and acknowledgements name it."""
    return f"{channel}:{product}"


def keys_of(settings: CoinbaseSettings, products: Collection[str]) -> frozenset[str]:
    """All subscriptions of these products."""
    return frozenset(key(channel, product) for channel in settings.channels for product in products)


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to products; the venue writes them alike."""
    known = set(listed)
    return {symbol: symbol for symbol in symbols if symbol in known}
