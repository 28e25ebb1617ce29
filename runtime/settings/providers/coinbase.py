"""Settings of the Coinbase Exchange ingestor."""

from typing import Literal

from pydantic import Field

from runtime.settings.providers.shared import SOURCE, StreamSettings


class CoinbaseSettings(StreamSettings):
    """The Coinbase Exchange ingestor."""

    symbols: tuple[str, ...] = Field(("BTC-USD", "ETH-USD"), min_length=1, max_length=5_000, description="canonical names, as BTC-USD")
    channels: tuple[Literal["matches", "ticker", "heartbeat", "level2_batch"], ...] = Field(
        ("matches", "ticker", "heartbeat", "level2_batch"),
        description="what is subscribed to for every symbol; heartbeat finds lost trades of quiet ones, level2_batch are the order books",
    )
    websocket_url: str = Field("wss://ws-feed.exchange.coinbase.com", description="scheme, host and port of the market feed")
    rest_url: str = Field("https://api.exchange.coinbase.com", description="scheme, host and port of the REST interface")
    source: str = Field("coinbase", pattern=SOURCE, description="name of the source on every event")
    max_frame_bytes: int = Field(
        10_485_760,
        ge=1024,
        le=16_777_216,
        description="larger frames become dead letters; whole books of liquid products have more than a megabyte",
    )
