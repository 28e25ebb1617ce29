"""Settings of the providers, one section each: `[providers.NAME]` (binance stands by itself)."""

from typing import Literal

from pydantic import Field

from runtime.sections import Section

SOURCE = r"^[a-z][a-z0-9-]{0,31}$"


class StreamSettings(Section):
    """What every streaming provider can be told. Canonical symbols; the provider's own come from its symbol table."""

    symbols: tuple[str, ...] = Field((), min_length=1, max_length=5_000, description="canonical names, as BTC-USD")
    websocket_url: str = Field("", description="scheme, host and port of the stream")
    rest_url: str = Field("", description="scheme, host and port of the REST interface")
    source: str = Field("", pattern=SOURCE, description="name of the source on every event")
    clock: Literal["system", "capture"] = Field("system", description="capture: the time of receipt comes with the frames (replay)")
    max_frame_bytes: int = Field(262_144, ge=1024, le=16_777_216, description="larger frames become dead letters")
    symbols_per_connection: int = Field(100, ge=1, le=1_000, description="more symbols are spread over several connections")


class BinanceSettings(StreamSettings):
    """The Binance ingestor. Canonical symbols; the venue's own come from its symbol table."""

    symbols: tuple[str, ...] = Field(("BTC-USDT", "ETH-USDT"), min_length=1, max_length=5_000, description="canonical names, as BTC-USDT")
    streams: tuple[Literal["trade", "bookTicker", "depth@100ms", "kline_1m"], ...] = Field(
        ("trade", "bookTicker", "depth@100ms", "kline_1m"), description="what is subscribed to for every symbol"
    )
    websocket_url: str = Field("wss://data-stream.binance.vision", description="scheme, host and port of the market streams")
    rest_url: str = Field("https://data-api.binance.vision", description="scheme, host and port of the REST interface")
    source: str = Field("binance", pattern=SOURCE, description="name of the source on every event")


class CoinbaseSettings(StreamSettings):
    """The Coinbase Exchange ingestor."""

    symbols: tuple[str, ...] = Field(("BTC-USD", "ETH-USD"), min_length=1, max_length=5_000, description="canonical names, as BTC-USD")
    channels: tuple[Literal["matches", "ticker", "heartbeat"], ...] = Field(
        ("matches", "ticker", "heartbeat"), description="what is subscribed to for every symbol; heartbeat finds lost trades of quiet ones"
    )
    websocket_url: str = Field("wss://ws-feed.exchange.coinbase.com", description="scheme, host and port of the market feed")
    rest_url: str = Field("https://api.exchange.coinbase.com", description="scheme, host and port of the REST interface")
    source: str = Field("coinbase", pattern=SOURCE, description="name of the source on every event")


class ProvidersSettings(Section):
    """The providers beside Binance, one subsection each."""

    coinbase: CoinbaseSettings = CoinbaseSettings()
