"""What the ingestor of Tiingo's IEX stream is told and what follows from it: the provider's names."""

from collections.abc import Collection, Iterable

from schemas.symbols import asset_class_of

NAME = "tiingo-iex"
SECTION = "providers.tiingo_iex"  # of the settings
STAGE = "ingest.tiingo-iex"  # on dead letters and metrics
KEY = f"{SECTION}.api_key"
SUBSCRIPTION = "subscription"  # acknowledgements do not name what was asked for
HEARTBEAT_TIMEOUT_S = 75.0  # one comes about every 30 s: two are missing
REQUEST_INTERVAL_S = 0.05
THRESHOLD_LEVELS = {"reference": 6, "trades_and_quotes": 5, "every_update": 0}


def name_of(symbol: str) -> str:
    """`BRK.B` to `brk-b`."""
    return symbol.replace(".", "-").lower()


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols of shares to the provider's names, those that it lists."""
    known = {name.lower() for name in listed}
    return {symbol: name_of(symbol) for symbol in symbols if asset_class_of(symbol) == "equity" and name_of(symbol) in known}
