"""Settings of the Bitfinex ingestor."""

from typing import Literal

from pydantic import Field

from runtime.settings.providers.shared import SOURCE, StreamSettings


class BitfinexSettings(StreamSettings):
    """The Bitfinex ingestor, API v2."""

    symbols: tuple[str, ...] = Field(("BTC-USD", "ETH-USD"), min_length=1, max_length=5_000, description="canonical names, as BTC-USD")
    channels: tuple[Literal["trades", "ticker", "book"], ...] = Field(
        ("trades", "ticker", "book"), description="what is subscribed to for every symbol"
    )
    book_depth: Literal["25", "100", "250"] = Field("25", description="levels a side of its books")
    websocket_url: str = Field("wss://api-pub.bitfinex.com/ws/2", description="address of the stream")
    rest_url: str = Field("https://api-pub.bitfinex.com", description="scheme, host and port of the REST interface")
    source: str = Field("bitfinex", pattern=SOURCE, description="name of the source on every event")
    symbols_per_connection: int = Field(
        8, ge=1, le=25, description="more symbols are spread over several connections; the venue allows 25 channels on each"
    )
