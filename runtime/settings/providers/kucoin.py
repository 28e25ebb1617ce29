"""Settings of the KuCoin ingestor."""

from typing import Literal

from pydantic import Field

from runtime.settings.providers.shared import SOURCE, StreamSettings


class KucoinSettings(StreamSettings):
    """The KuCoin ingestor. The address of its stream comes from its REST interface, with a token."""

    symbols: tuple[str, ...] = Field(("BTC-USDT", "ETH-USDT"), min_length=1, max_length=5_000, description="canonical names, as BTC-USDT")
    channels: tuple[Literal["match", "ticker", "level2"], ...] = Field(
        ("match", "ticker", "level2"), description="what is subscribed to for every symbol"
    )
    websocket_url: str = Field(
        "", description="address of the stream in place of the one that the REST interface tells; the token is asked for all the same"
    )
    rest_url: str = Field("https://api.kucoin.com", description="scheme, host and port of the REST interface")
    source: str = Field("kucoin", pattern=SOURCE, description="name of the source on every event")
    symbols_per_connection: int = Field(
        80, ge=1, le=100, description="more symbols are spread over several connections; the venue allows 300 topics on each"
    )
