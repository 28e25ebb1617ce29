"""What the Polygon (Massive) ingestor is told and what follows from it: markets, the provider's names, topics."""

from collections.abc import Collection, Iterable

from runtime.settings.providers.polygon import PolygonSettings
from schemas.symbols import INDEX_PREFIX, asset_class_of

NAME = "polygon"
SECTION = "providers.polygon"  # of the settings
STAGE = "ingest.polygon"  # on dead letters and metrics
KEY = f"{SECTION}.api_key"
LOGIN = "login"  # the key of the acknowledgement that follows a good key
REQUEST_INTERVAL_S = 0.02
TOPICS_A_MESSAGE = 200
MARKETS = {"equity": "stocks", "fx": "forex", "crypto": "crypto", "index": "indices"}  # a path of the stream each
LISTED_AS = {"stocks": "stocks", "forex": "fx", "crypto": "crypto", "indices": "indices"}  # in the reference data
_TOPICS: dict[str, dict[str, str]] = {
    "stocks": {"trades": "T", "quotes": "Q", "minute_bars": "AM"},
    "forex": {"quotes": "C", "minute_bars": "CA"},
    "crypto": {"trades": "XT", "minute_bars": "XA"},  # quotes are of single exchanges: a mixture of them is no quote
    "indices": {"quotes": "V", "minute_bars": "AM"},
}


def market_of(symbol: str) -> str:
    """Of a canonical symbol: the path of the stream, as `stocks`."""
    return MARKETS[asset_class_of(symbol)]


def stream_name(symbol: str) -> str:
    """The stream's name of a canonical symbol: AAPL, EUR/USD, BTC-USD, I:SPX."""
    market = market_of(symbol)
    if market == "indices":
        return f"I:{symbol.removeprefix(INDEX_PREFIX)}"
    return symbol.replace("-", "/") if market == "forex" else symbol


def rest_name(symbol: str) -> str:
    """The REST interface's name of a canonical symbol: AAPL, C:EURUSD, X:BTCUSD, I:SPX."""
    prefix = {"forex": "C:", "crypto": "X:"}.get(market_of(symbol))
    return prefix + symbol.replace("-", "") if prefix else stream_name(symbol)


def topics_of(settings: PolygonSettings, names: Collection[str], market: str) -> list[str]:
    """All that is subscribed to for these names of the stream."""
    kinds = [_TOPICS[market][channel] for channel in settings.channels if channel in _TOPICS[market]]
    return [f"{kind}.{name}" for name in sorted(names) for kind in kinds]


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to the stream's names, for those whose REST name is listed."""
    known = set(listed)
    return {symbol: stream_name(symbol) for symbol in symbols if rest_name(symbol) in known}
