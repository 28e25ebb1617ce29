"""A provider's past as a backfill reads it: pages of events, each with where the next one begins. Trades and bars look alike from here on."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import NamedTuple

from ingestors.bar_history import BarHistory, bar_history_of
from ingestors.history import History
from ingestors.names import Names, past_source
from ingestors.venue import Venue, venue_of
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings import Settings
from schemas.bars import ProviderBar
from schemas.symbols import AssetClass, asset_class_of
from schemas.ticks import Trade
from schemas.timeframes import DAY_NS, HOUR_NS, Timeframe
from tickerplant.backfill.ask import Window
from tickerplant.importing.ticks import Event

PAGE_TRADES = 1000


class Page(NamedTuple):
    """One answer. next: where the next one begins (an id, or a time in ns), None: the window is complete. reached_ns: up to where it is known now."""

    events: list[Event]
    next: int | None
    reached_ns: int


class Past(ABC):
    """One provider's trades or bars. All methods wait for the network and the provider's limits; they raise TransientError and UserError."""

    source: str

    def check(self, from_ns: int, now_ns: int) -> None:
        """Raises UserError for a time before what the provider still knows."""
        return

    @abstractmethod
    async def resolve(self, symbols: Collection[str]) -> None:
        """Learns the provider's names of the symbols; raises UserError for one that it does not list."""

    @abstractmethod
    async def page(self, symbol: str, window: Window, at: int | None) -> Page:
        """The window's events from `at` on (None: from its beginning), ascending."""

    @abstractmethod
    async def expected(self, symbol: str, window: Window) -> tuple[int, int]:
        """About how many events, and questions, the window takes; asks little."""

    @abstractmethod
    async def close(self) -> None: ...


class PastTrades(Past):
    """By id: a window's trades are those from the first one at or after its beginning to the one before the first at or after its end, so that
    neighbouring windows share none and miss none, however a venue dates its trades."""

    def __init__(self, venue: Venue, source: str) -> None:
        self.source = source
        self._venue = venue
        self._names = Names()
        self._history: History = venue.history(self._names)
        self._ids: dict[tuple[str, int], int | None] = {}
        self._behind: dict[str, tuple[int, int]] = {}  # by symbol: the id that follows what was read, and the event time before it

    async def resolve(self, symbols: Collection[str]) -> None:
        found = await self._venue.resolve(symbols)
        _all_listed(self._venue.section, symbols, found)
        self._names.learn(found)

    async def page(self, symbol: str, window: Window, at: int | None) -> Page:
        first = await self._id_at(symbol, window.from_ns) if at is None else at
        end = await self._id_at(symbol, window.to_ns)
        trades = [] if first is None else await self._history.trades(symbol, first, PAGE_TRADES, self._before_ns(symbol, first, window))
        if not trades and first is not None and end is not None and first + PAGE_TRADES < end:
            return Page(
                [], first + PAGE_TRADES, window.from_ns
            )  # numbers that the provider does not have: more follow, and the hole is told by its numbers
        inside = [trade for trade in trades if self._is_before(trade, end, window)]
        if not trades or len(inside) < len(trades):
            return Page(self._events(inside), None, window.to_ns)
        self._behind[symbol] = _number(trades[-1]) + 1, trades[-1].ts_event_ns
        return Page(self._events(inside), _number(trades[-1]) + 1, trades[-1].ts_event_ns)

    def _before_ns(self, symbol: str, first: int, window: Window) -> int:
        """A time before a trade of the window, for venues that find trades by time: close to it, unless an earlier run ended there."""
        behind, at_ns = self._behind.get(symbol, (0, 0))
        return at_ns if behind == first else window.from_ns

    def _is_before(self, trade: Trade, end: int | None, window: Window) -> bool:
        """Where no trade has come since the window's end there is no number for it yet."""
        return trade.ts_event_ns < window.to_ns if end is None else _number(trade) < end

    def _events(self, trades: list[Trade]) -> list[Event]:
        for trade in trades:
            trade.ts_ingest_ns, trade.primary = trade.ts_event_ns, False
        return [Event(trade.ts_event_ns, self.source, trade) for trade in trades]

    async def _id_at(self, symbol: str, at_ns: int) -> int | None:
        """Asked once: the past does not change."""
        if self._ids.get((symbol, at_ns)) is None:
            self._ids[symbol, at_ns] = await self._history.trade_at(symbol, at_ns)
        return self._ids[symbol, at_ns]

    async def expected(self, symbol: str, window: Window) -> tuple[int, int]:
        first, end = await self._id_at(symbol, window.from_ns), await self._id_at(symbol, window.to_ns)
        if first is None:
            return 0, 1
        rows = PAGE_TRADES if end is None else end - first  # without an end the newest trade lies in it: at least so many
        return rows, 1 + rows // PAGE_TRADES

    async def close(self) -> None:
        await self._venue.close()


class PastBars(Past):
    """Page by page in time. Bars whose prices nobody adjusts later were known at their close; shares' are known from the answer on."""

    def __init__(self, bars: BarHistory, timeframe: Timeframe, source: str, provider: str, classes: Mapping[str, AssetClass]) -> None:
        self.source = source
        self._bars = bars
        self._timeframe = timeframe
        self._provider = provider
        self._classes = classes

    def check(self, from_ns: int, now_ns: int) -> None:
        lookback_ns = self._bars.lookback_ns.get(self._timeframe)
        if lookback_ns is not None and from_ns < now_ns - lookback_ns:
            last = f"{lookback_ns // HOUR_NS} hours" if lookback_ns < 3 * DAY_NS else f"{lookback_ns // DAY_NS} days"
            raise UserError(f"{self._provider} gives bars of {self._timeframe} of the last {last} only; give a later --from")

    async def resolve(self, symbols: Collection[str]) -> None:
        _all_listed(self._provider, symbols, await self._bars.resolve(symbols))

    async def page(self, symbol: str, window: Window, at: int | None) -> Page:
        page = await self._bars.bars(symbol, self._timeframe, window.from_ns if at is None else at, window.to_ns)
        reached_ns = window.to_ns if page.next_ns is None else page.next_ns
        return Page([self._event(bar) for bar in page.bars], page.next_ns, reached_ns)

    def _event(self, bar: ProviderBar) -> Event:
        bar.source, bar.primary = self.source, False
        if asset_class_of(bar.symbol, self._classes) != "equity":
            bar.known_at_ns = bar.ts_close_ns
        return Event(bar.ts_close_ns, bar.source, None, bar)

    async def expected(self, symbol: str, window: Window) -> tuple[int, int]:
        page = await self._bars.bars(symbol, self._timeframe, window.from_ns, window.to_ns)
        if page.next_ns is None:
            return len(page.bars), 1
        pages = -(-(window.to_ns - window.from_ns) // (page.next_ns - window.from_ns))
        return len(page.bars) * pages, pages

    async def close(self) -> None:
        await self._bars.close()


def past_of(provider: str, timeframe: Timeframe | None, source: str, settings: Settings, clock: Clock) -> Past:
    """The provider's past. source: "" for its own. Raises UserError where it does not give what is asked for."""
    if timeframe is None:
        venue = venue_of(provider, settings)
        if not (venue.trade_ids_contiguous and venue.history(Names()).pages_past):
            raise UserError(f"{provider} gives no trades of the past that can be paged through; ask for bars with --timeframe")
        return PastTrades(venue, source or past_source(venue.settings.source, "history"))
    bars = bar_history_of(provider, settings, clock)
    if timeframe not in bars.timeframes:
        raise UserError(f"{provider} gives no bars of {timeframe}; it gives {', '.join(bars.timeframes)}")
    return PastBars(bars, timeframe, source or bars.source, provider, settings.process.asset_classes)


def gives_trades(provider: str, settings: Settings) -> bool:
    """Whether a backfill without a timeframe is one of trades."""
    try:
        return venue_of(provider, settings).history(Names()).pages_past
    except UserError:
        return False


def _all_listed(where: str, symbols: Collection[str], found: Mapping[str, str]) -> None:
    strangers = sorted(set(symbols) - set(found))
    if strangers:
        raise UserError(f"{where} does not list {', '.join(strangers)}; leave it out of --symbols")


def _number(trade: Trade) -> int:
    return int(trade.trade_id)
