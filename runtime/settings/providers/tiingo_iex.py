"""Settings of the ingestor of Tiingo's IEX stream."""

from typing import Literal

from pydantic import Field, SecretStr

from runtime.settings.providers.shared import SOURCE, StreamSettings


class TiingoIexSettings(StreamSettings):
    """Tiingo's stream of the exchange IEX: shares."""

    api_key: SecretStr | None = Field(None, description="token of the account")
    symbols: tuple[str, ...] = Field(("AAPL", "SPY"), min_length=1, max_length=5_000, description="canonical names, as AAPL or BRK.B")
    feed: Literal["reference", "trades_and_quotes", "every_update"] = Field(
        "reference", description="the two others are for those who have an agreement with IEX; the provider calls them levels 6, 5 and 0"
    )
    websocket_url: str = Field("wss://api.tiingo.com", description="scheme, host and port of the stream")
    rest_url: str = Field("https://api.tiingo.com", description="scheme, host and port of the REST interface")
    source: str = Field("tiingo-iex", pattern=SOURCE, description="name of the source on every event")
