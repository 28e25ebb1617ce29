"""What the Quandl ingestor is told and what follows from it: datasets."""

from collections.abc import Mapping

from schemas.symbols import asset_class_of
from schemas.timeframes import DAY_NS

NAME = "quandl"
SECTION = "providers.quandl"  # of the settings
STAGE = "ingest.quandl"  # on dead letters and metrics
SPAN_NS = 3_650 * DAY_NS


def name_of(symbol: str, database: str, datasets: Mapping[str, str]) -> str:
    """`AAPL` to `EOD/AAPL`, `BRK.B` to `EOD/BRK_B`; the dataset of an index is named in the settings."""
    if symbol in datasets or asset_class_of(symbol) == "index":
        return datasets.get(symbol, "")
    return f"{database}/{symbol.replace('.', '_').replace('-', '')}"
