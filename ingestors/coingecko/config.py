"""What the CoinGecko ingestor is told and what follows from it: coins, spans of its candles."""

from collections.abc import Mapping

from schemas.timeframes import DAY_NS, Timeframe

NAME = "coingecko"
SECTION = "providers.coingecko"  # of the settings
STAGE = "ingest.coingecko"  # on dead letters and metrics
DAYS = {Timeframe.M30: (1,), Timeframe.H4: (7, 14, 30)}  # it gives candles of a length that follows from the days that are asked for
LOOKBACK_NS = {timeframe: days[-1] * DAY_NS for timeframe, days in DAYS.items()}
KEY_HEADERS = {"demo": "x-cg-demo-api-key", "pro": "x-cg-pro-api-key"}
SYMBOLS_PER_CALL = 50


def name_of(symbol: str, coins: Mapping[str, str]) -> str:
    """`BTC-USD` to `bitcoin/usd`; "" where the coin is not named in the settings."""
    base, _, quote = symbol.partition("-")
    return f"{coins[base]}/{quote.lower()}" if quote and base in coins else ""


def days_for(timeframe: Timeframe, age_ns: int) -> int:
    """How many days to ask for to reach so far back, or the most."""
    return next((days for days in DAYS[timeframe] if age_ns <= days * DAY_NS), DAYS[timeframe][-1])
