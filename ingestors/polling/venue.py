"""A polled provider as the shared ingestor sees it, and as a backfill does. Each has one class of these, in its ingestor.py."""

from abc import abstractmethod
from collections.abc import Collection, Sequence

from ingestors.bar_history import BarHistory, BarPage, page_of
from ingestors.keys import required_key
from ingestors.polling.answers import EmptyAnswer
from ingestors.polling.rows import Row, Series, bars_of
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings.providers.polled import KeyedPollSettings, PollSettings
from schemas.reasons import Reason
from schemas.sessions import calendar_of
from schemas.symbols import asset_class_of
from schemas.ticks import Quote, Trade
from schemas.timeframes import DAY_NS, FIXED_NS, Timeframe

Tick = Trade | Quote


class PollVenue(BarHistory):
    """One provider in one process. What waits and what is raised: see BarHistory; besides BadAnswer where an answer cannot be read, EmptyAnswer where it
    holds nothing though the market was open, and rest.Unlisted for a symbol that the provider does not have.

    name, section: the provider's, and its section's in the settings. symbols_per_call: of `ticks`; 0: it has none, only bars. rows_per_call: how many bars
    it gives at a time, over which a longer question is spread.
    """

    name: str
    section: str
    symbols_per_call = 0
    rows_per_call = 1_000
    trade_ids_contiguous = False

    def __init__(self, settings: PollSettings, clock: Clock) -> None:
        self.settings = settings
        self.source = settings.source
        self.clock = clock

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        """There is no list to ask for: the first question shows whether there is one of that name."""
        named = {symbol: self.named(symbol) for symbol in symbols}
        return {symbol: name for symbol, name in named.items() if name}

    def named(self, symbol: str) -> str:
        """The provider's name of a canonical symbol; "" for one that it cannot have."""
        return self.settings.names.get(symbol) or self.name_of(symbol)

    @abstractmethod
    def name_of(self, symbol: str) -> str:
        """The same by its rule; the settings may say otherwise."""

    async def bars(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> BarPage:
        if timeframe not in self.timeframes:
            raise UserError(f"{self.name} has no bars of {timeframe}; it has {', '.join(self.timeframes)}")
        until_ns = min(to_ns, self.until_ns(timeframe, from_ns))
        rows = await self.rows(symbol, timeframe, from_ns, until_ns)
        check_rows(rows, symbol, from_ns, until_ns)
        rows = self._on_the_grid(rows, symbol, timeframe)
        now_ns = self.clock.now_ns()
        bars = bars_of(rows, Series(symbol, self.source, timeframe), now_ns)
        page = page_of(bars, from_ns, until_ns, now_ns)  # rows beside the time that was asked for come with the next page
        return BarPage(page.bars, until_ns if until_ns < min(to_ns, now_ns) else None)

    def _on_the_grid(self, rows: Sequence[Row], symbol: str, timeframe: Timeframe) -> Sequence[Row]:
        """Within a day bars begin at multiples of their length, ours and the provider's: an hour from 14:30 on is none of ours. A row beside them is the
        provider's newest price, or of an interval that is cut; where all are beside, it counts otherwise."""
        if FIXED_NS.get(timeframe, DAY_NS) >= DAY_NS:
            return rows
        aligned = [row for row in rows if row.at_ns % FIXED_NS[timeframe] == 0]
        if len(aligned) < len(rows):
            if not aligned:
                raise UserError(
                    f"{self.name} has no bars of {timeframe} of {symbol} that begin where ours do; ask for a shorter one in {self.section}.timeframes"
                )
            metrics.DROPPED.labels(f"ingest.{self.name}", Reason.PARTIAL_INTERVAL).inc(len(rows) - len(aligned))
        return aligned

    def until_ns(self, timeframe: Timeframe, from_ns: int) -> int:
        """Where the time of one question for bars ends at the latest."""
        return from_ns + self.rows_per_call * FIXED_NS.get(timeframe, 28 * DAY_NS)

    def has_ticks(self, symbol: str) -> bool:
        """Whether `ticks` knows anything of it, where there are ticks at all."""
        return True

    @abstractmethod
    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        """What the provider has of that time, in any order; what lies beside it, or is still open, does no harm."""

    async def ticks(self, symbols: Sequence[str]) -> list[Tick]:
        """The newest state of these canonical symbols, at most symbols_per_call; ts_ingest_ns is the time of the answer. One that is missing was not answered."""
        return []


def check_rows(rows: Sequence[Row], symbol: str, from_ns: int, to_ns: int) -> None:
    """Raises EmptyAnswer for an answer without a row over a time in which the market was open."""
    if not rows and calendar_of(asset_class_of(symbol)).open_ns_between(from_ns, to_ns):
        raise EmptyAnswer(f"an empty answer for {symbol}")


def key_of(settings: KeyedPollSettings, name: str, section: str) -> str:
    """The key. Raises UserError that names the setting."""
    return required_key(settings.api_key, name, f"{section}.api_key")


def joined(symbol: str) -> str:
    """`EUR-USD` to `EURUSD`; what is no pair stays."""
    return symbol.replace("-", "")
