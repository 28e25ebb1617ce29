"""What the KuCoin ingestor is told and what follows from it."""

from collections.abc import Collection, Iterable

NAME = "kucoin"
SECTION = "providers.kucoin"  # of the settings
STAGE = "ingest.kucoin"  # on dead letters and metrics
LIFETIME_S = 24 * 3600.0  # of a token
REQUEST_INTERVAL_S = 0.1  # the venue takes 100 messages in 10 s
SYMBOLS_A_MESSAGE = 100
TOPICS = {"match": "/market/match", "ticker": "/market/ticker", "level2": "/market/level2"}
BOOK_LEVELS = 100  # of the whole books that are told without a key


def topic_of(channel: str, names: Iterable[str]) -> str:
    """`/market/match:BTC-USDT,ETH-USDT`."""
    return f"{TOPICS[channel]}:{','.join(names)}"


def resolve(symbols: Collection[str], listed: Iterable[str]) -> dict[str, str]:
    """Canonical symbols to the venue's; they are alike."""
    known = set(listed)
    return {symbol: symbol for symbol in symbols if symbol in known}
