"""What the Kraken ingestor is told and what follows from it."""

from collections.abc import Collection, Mapping

from runtime.errors import UserError

NAME = "kraken"
SECTION = "providers.kraken"  # of the settings
STAGE = "ingest.kraken"  # on dead letters and metrics
HEARTBEAT_TIMEOUT_S = 10.0  # it says something every second; the venue itself takes 5 s of silence for the end
REQUEST_INTERVAL_S = 0.02
SYMBOLS_A_MESSAGE = 100

# The venue's own letters for what the world calls otherwise.
ASSETS = {"XBT": "BTC", "XDG": "DOGE"}
DEPTHS = (10, 25, 100, 500, 1000)


def check_depth(section: str, depth: int) -> None:
    """Raises UserError for a depth of books that the venue does not have."""
    if depth not in DEPTHS:
        raise UserError(f"{section}.book_depth is {depth}: kraken has books of {', '.join(map(str, DEPTHS))} levels")


def key(channel: str, name: str) -> str:
    """One subscription, as requests and acknowledgements name it."""
    return f"{channel}:{name}"


def canonical(name: str) -> str:
    """`XBT/USD` or `BTC/USD` to `BTC-USD`."""
    return "-".join(ASSETS.get(asset, asset) for asset in name.split("/"))


def venue_name(symbol: str) -> str:
    """`BTC-USD` to `BTC/USD`, as WebSocket v2 has it."""
    return symbol.replace("-", "/")


def resolve(symbols: Collection[str], listed: Mapping[str, object]) -> dict[str, str]:
    """Canonical symbols to those of WebSocket v2, of those that are listed (by their canonical names)."""
    return {symbol: venue_name(symbol) for symbol in symbols if symbol in listed}
