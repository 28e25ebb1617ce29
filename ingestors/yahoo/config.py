"""What the Yahoo ingestor is told and what follows from it: names, intervals."""

from ingestors.polling.venue import joined
from schemas.symbols import INDEX_PREFIX, asset_class_of
from schemas.timeframes import DAY_NS, Timeframe

NAME = "yahoo"
SECTION = "providers.yahoo"  # of the settings
STAGE = "ingest.yahoo"  # on dead letters and metrics
INTERVALS = {
    Timeframe.M1: "1m",
    Timeframe.M5: "5m",
    Timeframe.M15: "15m",
    Timeframe.H1: "1h",
    Timeframe.D1: "1d",
}  # 30m gives hours at times; weeks and months have a row too many
LOOKBACK_NS = {
    Timeframe.M1: 29 * DAY_NS,
    Timeframe.M5: 59 * DAY_NS,
    Timeframe.M15: 59 * DAY_NS,
    Timeframe.H1: 729 * DAY_NS,
}
SPAN_NS = {Timeframe.M1: 7 * DAY_NS} | dict.fromkeys((Timeframe.M5, Timeframe.M15, Timeframe.H1), 59 * DAY_NS)
LONGEST_SPAN_NS = 3_650 * DAY_NS
HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "Accept": "application/json",
}  # it refuses what looks like no browser


def name_of(symbol: str) -> str:
    """`BRK.B` to `BRK-B`, `EUR-USD` to `EURUSD=X`, `I.NDX` to `^NDX`; crypto is written alike. Shares of other exchanges keep their suffix: name them in the settings."""
    asset_class = asset_class_of(symbol)
    if asset_class == "equity":
        return symbol.replace(".", "-")
    if asset_class == "index":
        return f"^{symbol.removeprefix(INDEX_PREFIX)}"
    return f"{joined(symbol)}=X" if asset_class == "fx" else symbol
