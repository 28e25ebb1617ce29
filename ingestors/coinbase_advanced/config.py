"""What the Coinbase Advanced Trade ingestor is told and what follows from it."""

from collections.abc import Collection, Iterable

NAME = "coinbase-advanced"
SECTION = "providers.coinbase_advanced"  # of the settings
STAGE = "ingest.coinbase-advanced"  # on dead letters and metrics
HEARTBEAT_TIMEOUT_S = 10.0  # the channel heartbeats says something every second
REQUEST_INTERVAL_S = 0.13  # eight messages a second without a key

_NO_ALIAS = ("USDT-USDC", "EURC-USDC")


def key(channel: str, product: str) -> str:
    """One subscription, as requests and acknowledgements name it."""
    return f"{channel}:{product}"


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to products; they are alike. Not those against USDC, which the stream delivers under the name of that against USD."""
    known = {product for product in listed if not product.endswith("-USDC") or product in _NO_ALIAS}
    return {symbol: symbol for symbol in symbols if symbol in known}
