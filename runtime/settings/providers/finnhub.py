"""Settings of the Finnhub ingestor."""

from pydantic import Field, SecretStr

from runtime.settings.providers.shared import SOURCE, StreamSettings

_EXCHANGE = r"^[A-Z0-9 .]{1,32}$"


class FinnhubSettings(StreamSettings):
    """The Finnhub ingestor: trades of shares and crypto, prices of currencies."""

    api_key: SecretStr | None = Field(None, description="key of the account")
    symbols: tuple[str, ...] = Field(
        ("AAPL", "MSFT"), min_length=1, max_length=5_000, description="canonical names, as AAPL, BTC-USDT, EUR-USD"
    )
    crypto_exchange: str = Field("BINANCE", pattern=_EXCHANGE, description="of crypto pairs, as the provider writes it before their names")
    fx_exchange: str = Field("OANDA", pattern=_EXCHANGE, description="of currencies, as the provider writes it before their names")
    websocket_url: str = Field("wss://ws.finnhub.io", description="scheme, host and port of the stream")
    rest_url: str = Field("https://finnhub.io", description="scheme, host and port of the REST interface")
    source: str = Field("finnhub", pattern=SOURCE, description="name of the source on every event")
    symbols_per_connection: int = Field(
        5_000, ge=1, le=10_000, description="the provider allows one connection a key: more symbols than this open a second one"
    )
