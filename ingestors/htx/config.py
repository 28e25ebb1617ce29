"""What the HTX ingestor is told and what follows from it."""

from collections.abc import Collection, Mapping

NAME = "htx"
SECTION = "providers.htx"  # of the settings
STAGE = "ingest.htx"  # on dead letters and metrics
MAX_MESSAGE_BYTES = 4 * 1024 * 1024  # of one unpacked message: a book of 150 levels has 20 kB
HEARTBEAT_TIMEOUT_S = 20.0  # it pings every 5 s
REQUEST_INTERVAL_S = 0.02


def topic(name: str, channel: str) -> str:
    """One subscription, as requests and acknowledgements name it: `market.btcusdt.trade.detail`."""
    return f"market.{name}.{channel}"


def resolve(symbols: Collection[str], listed: Mapping[str, str]) -> dict[str, str]:
    """Canonical symbols to the venue's, of those that it lists. listed: the venue's names by canonical symbol."""
    return {symbol: listed[symbol] for symbol in symbols if symbol in listed}
