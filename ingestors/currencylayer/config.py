"""What the CurrencyLayer ingestor is told and what follows from it: names."""

import re
from collections.abc import Iterable

NAME = "currencylayer"
SECTION = "providers.currencylayer"  # of the settings
STAGE = "ingest.currencylayer"  # on dead letters and metrics
BASE = "USD"  # all rates are asked for against it: another source needs a paid plan
DAYS = 364  # the most of one answer
SYMBOLS_PER_CALL = 50
_PAIR = re.compile(r"[A-Z]{3}-[A-Z]{3}").fullmatch


def name_of(symbol: str) -> str:
    """Pairs of two currencies."""
    return symbol if _PAIR(symbol) else ""


def currencies_of(symbols: Iterable[str]) -> str:
    """What to ask for: both sides of each pair, but not the one that all are against."""
    return ",".join(sorted({code for symbol in symbols for code in symbol.split("-")} - {BASE}))
