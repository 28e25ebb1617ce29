"""Settings of the ingestor of Twelve Data's stream."""

from pydantic import Field, SecretStr

from runtime.settings.providers.shared import SOURCE, StreamSettings


class TwelveDataStreamSettings(StreamSettings):
    """Twelve Data's stream of last prices: equities, currencies, crypto."""

    api_key: SecretStr | None = Field(None, description="key of the account; its plan must have the stream")
    symbols: tuple[str, ...] = Field(
        ("AAPL", "EUR-USD"), min_length=1, max_length=5_000, description="canonical names, as AAPL, EUR-USD, BTC-USD"
    )
    websocket_url: str = Field("wss://ws.twelvedata.com", description="scheme, host and port of the stream")
    rest_url: str = Field("https://api.twelvedata.com", description="scheme, host and port of the REST interface")
    source: str = Field("twelve-data-stream", pattern=SOURCE, description="name of the source on every event")
