"""Settings of the Binance ingestor."""

from typing import Literal

from pydantic import Field

from runtime.settings.providers.shared import SOURCE, StreamSettings


class BinanceSettings(StreamSettings):
    """The Binance ingestor. Canonical symbols; the venue's own come from its symbol table."""

    symbols: tuple[str, ...] = Field(("BTC-USDT", "ETH-USDT"), min_length=1, max_length=5_000, description="canonical names, as BTC-USDT")
    streams: tuple[Literal["trade", "bookTicker", "depth@100ms", "kline_1m"], ...] = Field(
        ("trade", "bookTicker", "depth@100ms", "kline_1m"), description="what is subscribed to for every symbol"
    )
    websocket_url: str = Field("wss://data-stream.binance.vision", description="scheme, host and port of the market streams")
    rest_url: str = Field("https://data-api.binance.vision", description="scheme, host and port of the REST interface")
    source: str = Field("binance", pattern=SOURCE, description="name of the source on every event")
