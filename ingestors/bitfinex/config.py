"""What the Bitfinex ingestor is told and what follows from it."""

NAME = "bitfinex"
SECTION = "providers.bitfinex"  # of the settings
STAGE = "ingest.bitfinex"  # on dead letters and metrics

# The venue's own letters for what the world calls otherwise.
ASSETS = {"UST": "USDT", "DSH": "DASH", "IOT": "IOTA", "QTM": "QTUM", "MNA": "MANA", "ALG": "ALGO", "ATO": "ATOM", "DOG": "MDOGE"}


def key(channel: str, name: str) -> str:
    """One subscription, as requests and acknowledgements name it."""
    return f"{channel}:{name}"


def canonical(pair: str) -> str:
    """`BTCUSD` or `DUSK:USD` to BASE-QUOTE; "" for the venue's test pairs and derivatives."""
    base, _, quote = pair.partition(":") if ":" in pair else (pair[:3], "", pair[3:])
    if pair.startswith("TEST") or base.endswith("F0") or not base or not quote:
        return ""
    return f"{ASSETS.get(base, base)}-{ASSETS.get(quote, quote)}"
