"""Bars of the past, as providers give them. One subclass a provider that has them; it is what a backfill asks.

A provider that has them names it in its folder: `ingestors.NAME.ingestor:bar_history(settings, clock) -> BarHistory`, imported by `bar_history_of`.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import cast

from ingestors.registry import provider_of
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings import Settings
from schemas.bars import ProviderBar
from schemas.timeframes import Timeframe


@dataclass(frozen=True, slots=True)
class BarPage:
    """One answer. bars: closed ones, ascending by ts_open_ns, none twice, of kind `provider`, known_at_ns the time of the answer.

    next_ns: where the next page begins, larger than what was asked from; None: there is nothing more before the end that was asked for.
    """

    bars: list[ProviderBar]
    next_ns: int | None = None


class BarHistory(ABC):
    """The bars of one provider. All calls wait for the network and for the provider's limits (see ingestors.limits): a day's budget that is used up makes
    them wait until it begins anew.

    They raise TransientError when it cannot be asked now, UserError when it refuses (a symbol or timeframe that it does not have, a wrong key).
    source: of the bars. timeframes: those that it gives. lookback_ns: how far back it goes, for the timeframes where that is bounded.
    """

    source: str
    timeframes: tuple[Timeframe, ...]
    lookback_ns: Mapping[Timeframe, int] = {}

    @abstractmethod
    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        """Canonical symbols to the provider's names, for those that it lists; where it has no list, for all that it could have."""

    @abstractmethod
    async def bars(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> BarPage:
        """The first bars with from_ns <= ts_open_ns < to_ns that are closed, as many as one call gives. symbol: canonical."""

    async def close(self) -> None:
        """Ends what it holds open."""
        return


def page_of(bars: Iterable[ProviderBar], from_ns: int, to_ns: int, now_ns: int, next_ns: int | None = None) -> BarPage:
    """What a BarHistory promises, of bars in any order, repeated, beside the range or still open; the last of several of one interval holds."""
    wanted = {bar.ts_open_ns: bar for bar in bars if from_ns <= bar.ts_open_ns < to_ns and bar.ts_close_ns <= now_ns}
    more = next_ns is not None and from_ns < next_ns < min(to_ns, now_ns)
    return BarPage([wanted[open_ns] for open_ns in sorted(wanted)], next_ns if more else None)


def bar_history_of(name: str, settings: Settings, clock: Clock) -> BarHistory:
    """A provider's. Raises UserError where there is no such provider, it has no bars of the past, or its key is missing."""
    module = import_module(f"{provider_of(name).module}.ingestor")
    if not hasattr(module, "bar_history"):
        raise UserError(f"{name} gives no bars of the past; `tickerplant sources list` tells which providers do")
    return cast(BarHistory, module.bar_history(settings, clock))
