"""What the ingestor of Twelve Data's REST interface is told and what follows from it: names, intervals."""

from schemas.symbols import asset_class_of
from schemas.timeframes import Timeframe

NAME = "twelve-data-rest"
SECTION = "providers.twelve_data_rest"  # of the settings
STAGE = "ingest.twelve-data-rest"  # on dead letters and metrics
INTERVALS = {
    Timeframe.M1: "1min",
    Timeframe.M5: "5min",
    Timeframe.M15: "15min",
    Timeframe.M30: "30min",
    Timeframe.H1: "1h",
    Timeframe.H2: "2h",
    Timeframe.H4: "4h",
    Timeframe.D1: "1day",
    Timeframe.W1: "1week",
    Timeframe.MN1: "1month",
}
ROWS = 5_000  # the most of one answer


def name_of(symbol: str) -> str:
    """`BTC-USD` to `BTC/USD`. Its indices are written like shares, of which some have the same name: they are named in the settings."""
    return "" if asset_class_of(symbol) == "index" else symbol.replace("-", "/")
