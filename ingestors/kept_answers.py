"""Earlier answers to requests for bars, in the cache: what is left when no provider answers."""

import asyncio

import msgspec

from cache import Cache
from runtime.errors import UserError
from runtime.logs import get_logger
from schemas.bars import ProviderBar
from schemas.timeframes import Timeframe

_KIND = "historical"
_MOST_BARS = 5_000  # a larger answer is not kept: a value of the cache is bounded
log = get_logger()


class CachedAnswers:
    """See ingestors.fallback.Kept. A value stays an hour, and longer in memory while Redis is away (see docs/guides/cache.md)."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def get(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> tuple[str, list[ProviderBar]] | None:
        try:
            entry = await asyncio.to_thread(self._cache.get, _KIND, symbol, f"{from_ns}-{to_ns}", timeframe.value)
            return None if entry is None else (str(entry.value["provider"]), msgspec.convert(entry.value["bars"], list[ProviderBar]))
        except (UserError, KeyError, TypeError, msgspec.ValidationError) as error:
            log.warning("kept_answer_not_read", symbol=symbol, error=str(error))
            return None

    async def put(self, provider: str, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int, bars: list[ProviderBar]) -> None:
        if len(bars) > _MOST_BARS:
            return
        value = {"provider": provider, "bars": msgspec.to_builtins(bars)}
        at_ns = max(bar.known_at_ns for bar in bars)
        try:
            parts = (symbol, f"{from_ns}-{to_ns}", timeframe.value)
            await asyncio.to_thread(self._cache.set, _KIND, *parts, value=value, ts_event_ns=at_ns)
        except UserError as error:
            log.warning("answer_not_kept", symbol=symbol, error=str(error))
