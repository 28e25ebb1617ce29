"""What the Kraken ingestor is told and what follows from it."""

NAME = "kraken"
SECTION = "providers.kraken"  # of the settings
STAGE = "ingest.kraken"  # on dead letters and metrics

# The venue's own letters for what the world calls otherwise.
ASSETS = {"XBT": "BTC", "XDG": "DOGE"}


def key(channel: str, name: str) -> str:
    """One subscription, as requests and acknowledgements name it."""
    return f"{channel}:{name}"


def canonical(name: str) -> str:
    """`XBT/USD` or `BTC/USD` to `BTC-USD`."""
    return "-".join(ASSETS.get(asset, asset) for asset in name.split("/"))
