"""What the FMP ingestor is told and what follows from it: names, intervals."""

from ingestors.polling.venue import joined
from schemas.symbols import INDEX_PREFIX, asset_class_of
from schemas.timeframes import DAY_NS, Timeframe

NAME = "fmp"
SECTION = "providers.fmp"  # of the settings
STAGE = "ingest.fmp"  # on dead letters and metrics
INTERVALS = {
    Timeframe.M1: "1min",
    Timeframe.M5: "5min",
    Timeframe.M15: "15min",
    Timeframe.M30: "30min",
    Timeframe.H1: "1hour",
    Timeframe.D1: "",
}
SPAN_NS = {
    Timeframe.M1: 3 * DAY_NS,
    Timeframe.M5: 10 * DAY_NS,
    Timeframe.D1: 1_825 * DAY_NS,
}  # a longer question is cut short without a word
OTHER_SPAN_NS = 30 * DAY_NS


def name_of(symbol: str) -> str:
    """`BTC-USD` to `BTCUSD`, `BRK.B` to `BRK-B`, `I.NDX` to `^NDX`."""
    if asset_class_of(symbol) == "index":
        return f"^{symbol.removeprefix(INDEX_PREFIX)}"
    return joined(symbol) if "-" in symbol else symbol.replace(".", "-")
