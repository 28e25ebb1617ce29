"""What the KuCoin ingestor is told and what follows from it."""

NAME = "kucoin"
SECTION = "providers.kucoin"  # of the settings
STAGE = "ingest.kucoin"  # on dead letters and metrics
