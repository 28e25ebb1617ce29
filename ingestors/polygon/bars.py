"""Polygon's bars of the past, for a backfill. Prices are as they were traded: not adjusted for splits, as the ticks of the stream."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Protocol

from ingestors.bar_history import BarHistory, BarPage, page_of
from ingestors.numbers import MS_NS
from ingestors.parsing import number_text
from ingestors.polygon.config import market_of, resolve, rest_name
from ingestors.polygon.wire import Aggregate
from runtime.clock import Clock
from runtime.errors import TransientError, UserError
from schemas.bars import ProviderActions, ProviderBar
from schemas.sessions import bar_interval, calendar_of
from schemas.symbols import asset_class_of
from schemas.timeframes import Timeframe

SPANS = {
    Timeframe.M1: ("1", "minute"),
    Timeframe.M5: ("5", "minute"),
    Timeframe.M15: ("15", "minute"),
    Timeframe.M30: ("30", "minute"),
    Timeframe.H1: ("1", "hour"),
    Timeframe.D1: ("1", "day"),
}
_NOON_NS = 12 * 3_600_000_000_000  # a day's bar stands at New York's midnight; at noon every session is open, also one that closes early


class Aggregates(Protocol):
    """What is asked of the REST interface."""

    async def listed(self, symbols: Collection[str]) -> set[str]: ...

    async def aggregates(self, name: str, span: tuple[str, str], from_ms: int, to_ms: int) -> tuple[Sequence[Aggregate], bool]: ...

    async def close(self) -> None: ...


class PolygonBarHistory(BarHistory):
    """See ingestors.bar_history. Days of currencies and crypto end at other times than ours, so they are refused."""

    timeframes = tuple(SPANS)

    def __init__(self, client: Aggregates, source: str, clock: Clock) -> None:
        self._client = client
        self.source = source
        self._clock = clock

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.listed(symbols))

    async def bars(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> BarPage:
        daily = timeframe is Timeframe.D1
        if daily and market_of(symbol) in ("forex", "crypto"):
            raise UserError(f"polygon's days of {symbol} are not ours; ask for 1h and shorter")
        early_ns = _NOON_NS if daily else 0  # the bar of a session stands before its opening
        rows, more = await self._client.aggregates(rest_name(symbol), SPANS[timeframe], (from_ns - early_ns) // MS_NS, (to_ns - 1) // MS_NS)
        now_ns = self._clock.now_ns()
        found = [bar for row in rows if (bar := self._bar(symbol, timeframe, row, now_ns))]
        next_ns = (rows[-1].t + 1) * MS_NS + early_ns if more and rows else None
        return page_of(found, from_ns, to_ns, now_ns, next_ns)

    async def close(self) -> None:
        await self._client.close()

    def _bar(self, symbol: str, timeframe: Timeframe, row: Aggregate, now_ns: int) -> ProviderBar | None:
        """None for one outside the market's hours, where its asset class has days of sessions."""
        at_ns = row.t * MS_NS + (_NOON_NS if timeframe is Timeframe.D1 else 0)
        interval = bar_interval(calendar_of(asset_class_of(symbol)), timeframe, at_ns)
        if interval is None:
            return None
        close = _text(row.c)
        traded = market_of(symbol) in ("stocks", "crypto")
        volume, mean = (Decimal(_text(row.v)), Decimal(_text(row.vw))) if traded else (Decimal(0), Decimal(0))
        return ProviderBar(
            symbol=symbol,
            source=self.source,
            timeframe=timeframe.value,
            ts_open_ns=interval[0],
            ts_close_ns=interval[1],
            open=_text(row.o),
            high=_text(row.h),
            low=_text(row.l),
            close=close,
            volume=format(volume, "f"),
            quote_volume=format(volume * mean, "f"),
            vwap=format(mean, "f") if mean else close,
            trade_count=row.n if traded else 0,
            kind="provider",
            revision=0,
            quality=1.0,
            reasons=(),
            known_at_ns=now_ns,
            price_basis="mid" if market_of(symbol) == "forex" else "trade",
            quote_count=row.n if market_of(symbol) == "forex" else 0,
            actions=ProviderActions(splits_adjusted=False),
        )


def _text(value: Any) -> str:
    try:
        return number_text(value)
    except ValueError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
