"""Settings of the HTX ingestor."""

from typing import Literal

from pydantic import Field

from runtime.settings.providers.shared import SOURCE, StreamSettings


class HtxSettings(StreamSettings):
    """The HTX (Huobi) ingestor."""

    symbols: tuple[str, ...] = Field(("BTC-USDT", "ETH-USDT"), min_length=1, max_length=5_000, description="canonical names, as BTC-USDT")
    channels: tuple[Literal["trade.detail", "bbo", "depth.step0"], ...] = Field(
        ("trade.detail", "bbo", "depth.step0"),
        description="what is subscribed to for every symbol; depth.step0: whole books, about one a second",
    )
    websocket_url: str = Field("wss://api.huobi.pro/ws", description="address of the stream")
    rest_url: str = Field("https://api.huobi.pro", description="scheme, host and port of the REST interface")
    source: str = Field("htx", pattern=SOURCE, description="name of the source on every event")
