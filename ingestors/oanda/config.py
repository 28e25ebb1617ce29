"""What the OANDA ingestor is told and what follows from it: instruments, paths."""

from collections.abc import Collection, Iterable

from runtime.errors import UserError
from runtime.settings.providers.oanda import OandaSettings

NAME = "oanda"
SECTION = "providers.oanda"  # of the settings
STAGE = "ingest.oanda"  # on dead letters and metrics
KEY = f"{SECTION}.api_key"
HEARTBEAT_TIMEOUT_S = 12.0  # it says something every 5 s: two of them are missing


def check(settings: OandaSettings) -> None:
    """Raises UserError without an account."""
    if not settings.account:
        raise UserError(f"{NAME} needs the number of an account: set {SECTION}.account in the settings, as 101-004-1234567-001")


def account_path(settings: OandaSettings) -> str:
    return f"/v3/accounts/{settings.account}"


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to instruments, those that the account may have: EUR-USD to EUR_USD."""
    known = set(listed)
    names = {symbol: symbol.replace("-", "_") for symbol in symbols}
    return {symbol: name for symbol, name in names.items() if name in known}
