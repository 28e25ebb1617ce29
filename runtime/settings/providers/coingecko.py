"""Settings of the CoinGecko ingestor."""

from typing import Literal

from pydantic import Field

from runtime.settings.providers.polled import KeyedPollSettings
from runtime.settings.providers.shared import SOURCE
from schemas.timeframes import Timeframe

COINS = {
    "ADA": "cardano",
    "AVAX": "avalanche-2",
    "BNB": "binancecoin",
    "BTC": "bitcoin",
    "DOGE": "dogecoin",
    "DOT": "polkadot",
    "ETH": "ethereum",
    "LINK": "chainlink",
    "LTC": "litecoin",
    "SOL": "solana",
    "TRX": "tron",
    "USDC": "usd-coin",
    "USDT": "tether",
    "XRP": "ripple",
}


class CoinGeckoSettings(KeyedPollSettings):
    """CoinGecko: an index over exchanges; bars and the newest price of crypto. A key is not needed; with one more may be asked."""

    symbols: tuple[str, ...] = Field(("BTC-USD", "ETH-USD"), min_length=1, max_length=5_000, description="canonical names, as BTC-USD")
    rest_url: str = Field("https://api.coingecko.com", description="scheme, host and port; https://pro-api.coingecko.com with a paid key")
    source: str = Field("coingecko", pattern=SOURCE, description="name of the source on every event")
    timeframes: tuple[Timeframe, ...] = Field((Timeframe.M30,), description="bars that are asked for when they have closed: 30m, 4h")
    ticks_delay_s: float = Field(120.0, ge=0, le=86_400, description="its newest price is at most so old: event time is held so far behind")
    plan: Literal["demo", "pro"] = Field("demo", description="of the key, which is sent under another name for each")
    coins: dict[str, str] = Field(
        default_factory=lambda: dict(COINS), description="its coin by the base of a symbol: tickers are not unique, so each must be named"
    )
