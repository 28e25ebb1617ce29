"""What the Alpha Vantage ingestor is told and what follows from it: functions, intervals."""

from schemas.symbols import asset_class_of
from schemas.timeframes import Timeframe

NAME = "alpha-vantage"
SECTION = "providers.alpha_vantage"  # of the settings
STAGE = "ingest.alpha-vantage"  # on dead letters and metrics
INTERVALS = {
    Timeframe.M1: "1min",
    Timeframe.M5: "5min",
    Timeframe.M15: "15min",
    Timeframe.M30: "30min",
    Timeframe.H1: "60min",
    Timeframe.D1: "",
}
COMPACT_ROWS = 95  # the newest hundred come without asking for more, the one that is still open among them


def name_of(symbol: str) -> str:
    """Shares and pairs of currencies; it has no bars of crypto that fit, and none of indices."""
    return "" if asset_class_of(symbol) in ("crypto", "index") else symbol


def function_of(symbol: str, timeframe: Timeframe) -> dict[str, str]:
    """The question for bars of a symbol."""
    base, _, quote = symbol.partition("-")
    interval = INTERVALS[timeframe]
    within = {"interval": interval} if interval else {}
    if quote:
        return {"function": "FX_INTRADAY" if interval else "FX_DAILY", "from_symbol": base, "to_symbol": quote, **within}
    more = {"adjusted": "false", "extended_hours": "false"} if interval else {}
    return {"function": "TIME_SERIES_INTRADAY" if interval else "TIME_SERIES_DAILY", "symbol": symbol, **within, **more}
