"""Settings of the Coinbase Advanced Trade ingestor."""

from typing import Literal

from pydantic import Field

from runtime.settings.providers.shared import SOURCE, StreamSettings


class CoinbaseAdvancedSettings(StreamSettings):
    """The Coinbase Advanced Trade ingestor."""

    symbols: tuple[str, ...] = Field(("BTC-USD", "ETH-USD"), min_length=1, max_length=5_000, description="canonical names, as BTC-USD")
    channels: tuple[Literal["market_trades", "ticker", "level2"], ...] = Field(
        ("market_trades", "ticker", "level2"), description="what is subscribed to for every symbol, beside the heartbeats"
    )
    websocket_url: str = Field("wss://advanced-trade-ws.coinbase.com", description="address of the stream")
    rest_url: str = Field("https://api.coinbase.com", description="scheme, host and port of the REST interface")
    source: str = Field("coinbase-advanced", pattern=SOURCE, description="name of the source on every event")
    max_frame_bytes: int = Field(
        10_485_760,
        ge=1024,
        le=16_777_216,
        description="larger frames become dead letters; whole books of liquid products have more than a megabyte",
    )
