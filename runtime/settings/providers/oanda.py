"""Settings of the OANDA ingestor."""

from pydantic import Field, SecretStr

from runtime.settings.providers.shared import SOURCE, StreamSettings


class OandaSettings(StreamSettings):
    """The OANDA v20 ingestor: quotes of currencies, over HTTP. The addresses are those of live accounts; fxpractice in their place for practice accounts."""

    api_key: SecretStr | None = Field(None, description="token of the account")
    account: str = Field("", pattern=r"^[0-9A-Za-z-]{0,40}$", description="number of the account, as 101-004-1234567-001")
    symbols: tuple[str, ...] = Field(("EUR-USD", "USD-JPY"), min_length=1, max_length=5_000, description="canonical names, as EUR-USD")
    websocket_url: str = Field(
        "https://stream-fxtrade.oanda.com", description="scheme, host and port of the price stream, which is lines over HTTP"
    )
    rest_url: str = Field("https://api-fxtrade.oanda.com", description="scheme, host and port of the REST interface")
    source: str = Field("oanda", pattern=SOURCE, description="name of the source on every event")
