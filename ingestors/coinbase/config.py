"""What the Coinbase Exchange ingestor is told and what follows from it: product names, subscription keys."""

from collections.abc import Collection, Iterable

NAME = "coinbase"
SECTION = "providers.coinbase"  # of the settings
STAGE = "ingest.coinbase"  # on dead letters and metrics
HEARTBEAT_TIMEOUT_S = 10.0  # the channel heartbeat says something every second
REQUEST_INTERVAL_S = 0.02
BOOKS = "level2_batch"  # of the channels with books the one that wants no key
_ACKNOWLEDGED_AS = {"level2_50": BOOKS}  # by the milliseconds of a batch


def key(channel: str, product: str) -> str:
    """One subscription, as requests and acknowledgements name it."""
    return f"{_ACKNOWLEDGED_AS.get(channel, channel)}:{product}"


def keys_of(channels: Collection[str], products: Collection[str]) -> frozenset[str]:
    """All subscriptions of these products."""
    return frozenset(key(channel, product) for channel in channels for product in products)


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to products; the venue writes them alike."""
    known = set(listed)
    return {symbol: symbol for symbol in symbols if symbol in known}
