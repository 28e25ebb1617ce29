"""What the ingestor of Kraken's WebSocket v1 is told and what follows from it."""

NAME = "kraken-v1"
SECTION = "providers.kraken_v1"  # of the settings
STAGE = "ingest.kraken-v1"  # on dead letters and metrics


def key(channel: str, name: str) -> str:
    """One subscription, as requests and acknowledgements name it; channel: with its depth, as `book-1000`."""
    return f"{channel}:{name}"
