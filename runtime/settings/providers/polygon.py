"""Settings of the Polygon (Massive) ingestor."""

from typing import Literal

from pydantic import Field, SecretStr

from runtime.settings.providers.shared import SOURCE, StreamSettings


class PolygonSettings(StreamSettings):
    """The Polygon (since October 2025: Massive) ingestor. Stocks as AAPL, currencies as EUR-USD, crypto as BTC-USD, indices as I.SPX; a connection each."""

    api_key: SecretStr | None = Field(None, description="key of the account; its plan must have streams")
    symbols: tuple[str, ...] = Field(
        ("AAPL", "MSFT"), min_length=1, max_length=5_000, description="canonical names, as AAPL, EUR-USD, I.SPX"
    )
    channels: tuple[Literal["trades", "quotes", "minute_bars"], ...] = Field(
        ("trades", "quotes", "minute_bars"),
        description="what is subscribed to for every symbol, as far as its market has it; quotes are an index's values too",
    )
    quote_lot: int = Field(100, ge=1, le=10_000, description="shares of one unit of a stock quote's size; 1: sizes are shares already")
    skipped_conditions: tuple[int, ...] = Field(
        (2, 7, 15, 16, 20, 21, 22, 38, 52, 53),
        description="stock trades with one of these conditions say nothing of the market's price at their time, and are left out (counted)",
    )
    websocket_url: str = Field(
        "wss://socket.massive.com", description="scheme, host and port of the streams; delayed.massive.com for delayed ones"
    )
    rest_url: str = Field("https://api.massive.com", description="scheme, host and port of the REST interface")
    source: str = Field("polygon", pattern=SOURCE, description="name of the source on every event")
    symbols_per_connection: int = Field(
        5_000, ge=1, le=10_000, description="the provider allows one connection a market and key: more symbols than this open a second one"
    )
