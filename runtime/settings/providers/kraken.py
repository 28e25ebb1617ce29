"""Settings of the Kraken ingestor."""

from typing import Literal

from pydantic import Field

from runtime.settings.providers.shared import SOURCE, StreamSettings


class KrakenSettings(StreamSettings):
    """The Kraken ingestor, WebSocket v2."""

    symbols: tuple[str, ...] = Field(("BTC-USD", "ETH-USD"), min_length=1, max_length=5_000, description="canonical names, as BTC-USD")
    channels: tuple[Literal["trade", "ticker", "book"], ...] = Field(
        ("trade", "ticker", "book"), description="what is subscribed to for every symbol"
    )
    book_depth: int = Field(100, ge=10, le=1000, description="levels a side of its books: 10, 25, 100, 500 or 1000")
    websocket_url: str = Field("wss://ws.kraken.com/v2", description="address of the stream")
    rest_url: str = Field("https://api.kraken.com", description="scheme, host and port of the REST interface")
    source: str = Field("kraken", pattern=SOURCE, description="name of the source on every event")
