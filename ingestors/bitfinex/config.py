"""What the Bitfinex ingestor is told and what follows from it."""

from collections.abc import Collection, Iterable

from runtime.errors import UserError
from runtime.settings.providers.bitfinex import BitfinexSettings

NAME = "bitfinex"
SECTION = "providers.bitfinex"  # of the settings
STAGE = "ingest.bitfinex"  # on dead letters and metrics
HEARTBEAT_TIMEOUT_S = 35.0  # every quiet channel says something every 15 s: two of them were lost
REQUEST_INTERVAL_S = 0.02
CHANNELS_A_CONNECTION = 25  # the venue's limit

# The venue's own letters for what the world calls otherwise.
ASSETS = {"UST": "USDT", "DSH": "DASH", "IOT": "IOTA", "QTM": "QTUM", "MNA": "MANA", "ALG": "ALGO", "ATO": "ATOM", "DOG": "MDOGE"}


def check(settings: BitfinexSettings) -> None:
    """Raises UserError for more channels than a connection takes."""
    channels = settings.symbols_per_connection * len(settings.channels)
    if channels > CHANNELS_A_CONNECTION:
        raise UserError(
            f"{channels} channels are more than the {CHANNELS_A_CONNECTION} that bitfinex allows a connection: "
            f"lower {SECTION}.symbols_per_connection"
        )


def key(channel: str, name: str) -> str:
    """One subscription, as requests and acknowledgements name it."""
    return f"{channel}:{name}"


def canonical(pair: str) -> str:
    """`BTCUSD` or `DUSK:USD` to BASE-QUOTE; "" for the venue's test pairs and derivatives."""
    base, _, quote = pair.partition(":") if ":" in pair else (pair[:3], "", pair[3:])
    if pair.startswith("TEST") or base.endswith("F0") or not base or not quote:
        return ""
    return f"{ASSETS.get(base, base)}-{ASSETS.get(quote, quote)}"


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to the venue's (tBTCUSD), of those that are listed. listed: pairs, as BTCUSD."""
    by_canonical = {canonical(pair): f"t{pair}" for pair in listed}
    return {symbol: by_canonical[symbol] for symbol in symbols if symbol in by_canonical}
