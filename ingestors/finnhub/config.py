"""What the Finnhub ingestor is told and what follows from it: the provider's names."""

from collections.abc import Collection, Iterable

from runtime.settings.providers.finnhub import FinnhubSettings
from schemas.symbols import asset_class_of

NAME = "finnhub"
SECTION = "providers.finnhub"  # of the settings
STAGE = "ingest.finnhub"  # on dead letters and metrics
KEY = f"{SECTION}.api_key"
REQUEST_INTERVAL_S = 0.02


def name_of(settings: FinnhubSettings, symbol: str) -> str:
    """AAPL, BINANCE:BTCUSDT, OANDA:EUR_USD of a canonical symbol."""
    match asset_class_of(symbol):
        case "crypto":
            return f"{settings.crypto_exchange}:{symbol.replace('-', '')}"
        case "fx":
            return f"{settings.fx_exchange}:{symbol.replace('-', '_')}"
    return symbol


def resolve(settings: FinnhubSettings, symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to the provider's names, those that it lists."""
    known = set(listed)
    names = {symbol: name_of(settings, symbol) for symbol in symbols}
    return {symbol: name for symbol, name in names.items() if name in known}
