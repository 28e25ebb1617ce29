"""What the Quandl ingestor is told and what follows from it: datasets."""

from collections.abc import Mapping

from schemas.timeframes import DAY_NS

NAME = "quandl"
SECTION = "providers.quandl"  # of the settings
STAGE = "ingest.quandl"  # on dead letters and metrics
SPAN_NS = 3_650 * DAY_NS


def name_of(symbol: str, database: str, datasets: Mapping[str, str]) -> str:
    """`AAPL` to `EOD/AAPL`, `BRK.B` to `EOD/BRK_B`."""
    return datasets.get(symbol) or f"{database}/{symbol.replace('.', '_').replace('-', '')}"
