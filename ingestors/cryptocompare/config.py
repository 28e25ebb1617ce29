"""What the CryptoCompare ingestor is told and what follows from it: names, intervals."""

from schemas.timeframes import DAY_NS, Timeframe

NAME = "cryptocompare"
SECTION = "providers.cryptocompare"  # of the settings
STAGE = "ingest.cryptocompare"  # on dead letters and metrics
PATHS = {Timeframe.M1: "/data/v2/histominute", Timeframe.H1: "/data/v2/histohour", Timeframe.D1: "/data/v2/histoday"}
LOOKBACK_NS = {Timeframe.M1: 7 * DAY_NS}
ROWS = 2_000  # the most of one answer


def name_of(symbol: str) -> str:
    """Pairs only; both names are asked for apart."""
    return symbol if "-" in symbol else ""
