"""What the Coinbase Advanced Trade ingestor is told and what follows from it."""

NAME = "coinbase-advanced"
SECTION = "providers.coinbase_advanced"  # of the settings
STAGE = "ingest.coinbase-advanced"  # on dead letters and metrics


def key(channel: str, product: str) -> str:
    """One subscription, as requests and acknowledgements name it."""
    return f"{channel}:{product}"
