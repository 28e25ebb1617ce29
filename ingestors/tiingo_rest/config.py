"""What the ingestor of Tiingo's REST interface is told and what follows from it: names, intervals."""

from ingestors.polling.venue import joined
from schemas.symbols import asset_class_of
from schemas.timeframes import DAY_NS, Timeframe

NAME = "tiingo-rest"
SECTION = "providers.tiingo_rest"  # of the settings
STAGE = "ingest.tiingo-rest"  # on dead letters and metrics
INTERVALS = {
    Timeframe.M1: "1min",
    Timeframe.M5: "5min",
    Timeframe.M15: "15min",
    Timeframe.M30: "30min",
    Timeframe.H1: "1hour",
    Timeframe.H4: "4hour",
    Timeframe.D1: "1day",
}
SPAN_NS = {
    Timeframe.M1: 3 * DAY_NS,
    Timeframe.M5: 15 * DAY_NS,
    Timeframe.D1: 3_650 * DAY_NS,
}  # below 5,000 rows, also where a market never closes
OTHER_SPAN_NS = 45 * DAY_NS
SYMBOLS_PER_CALL = 50


def name_of(symbol: str) -> str:
    """`BTC-USD` to `btcusd`, `BRK.B` to `brk-b`; it has no indices."""
    if asset_class_of(symbol) == "index":
        return ""
    return (joined(symbol) if "-" in symbol else symbol.replace(".", "-")).lower()
