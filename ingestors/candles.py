"""Bars of the past at venues whose REST interface gives candles: what they have in common. One subclass a venue, in its bars.py."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar

from ingestors.bar_history import BarHistory, BarPage, page_of
from ingestors.parsing import number_text
from ingestors.polling.rows import Row, Series, bars_of
from runtime.clock import Clock
from runtime.errors import TransientError, UserError
from schemas.timeframes import FIXED_NS, Timeframe, interval_of


class Candles(NamedTuple):
    """One answer. rows: in any order, also beside what was asked for. next_ns: where the next one begins, None: there is nothing more.
    until_ns: the venue's own time, or whatever its closed rows have ended by; None: it does not say."""

    rows: Sequence[Row]
    next_ns: int | None = None
    until_ns: int | None = None


class Client(Protocol):
    """The venue's REST interface."""

    async def close(self) -> None: ...


C = TypeVar("C", bound=Client)


class CandleHistory(BarHistory, Generic[C]):
    """See ingestors.bar_history. source: of the bars, never the live one's, whose bars are built of its trades. client: closed with this object."""

    def __init__(self, client: C, source: str, clock: Clock) -> None:
        self._client = client
        self.source = source
        self._clock = clock
        self._names: dict[str, str] = {}

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        self._names |= (found := await self.listed(symbols))
        return found

    async def bars(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> BarPage:
        length_ns = FIXED_NS[timeframe]
        try:
            answer = await self.candles(self._names[symbol], timeframe, -(-from_ns // length_ns) * length_ns, to_ns)
        except ValueError as error:
            raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
        now_ns = self._clock.now_ns()
        _check(answer.rows, symbol, timeframe)
        rows = [row for row in answer.rows if answer.next_ns is None or row.at_ns < answer.next_ns]  # the next page's would come twice
        bars = bars_of(rows, Series(symbol, self.source, timeframe), now_ns)
        closed_ns = now_ns if answer.until_ns is None else min(now_ns, answer.until_ns)  # whichever clock is behind
        return page_of(bars, from_ns, to_ns, closed_ns, answer.next_ns)

    async def close(self) -> None:
        await self._client.close()

    @abstractmethod
    async def listed(self, symbols: Collection[str]) -> dict[str, str]:
        """The venue's own names of those canonical symbols that it lists. Asks it."""

    @abstractmethod
    async def candles(self, name: str, timeframe: Timeframe, first_ns: int, to_ns: int) -> Candles:
        """Those of the venue's symbol that begin at first_ns, where one of ours begins, or later and before to_ns; as many as one call gives.
        Raises ValueError for what is no number or no time."""


def lookbacks(timeframes: Mapping[Timeframe, object], newest: int) -> dict[Timeframe, int]:
    """How far back a venue goes that only gives its newest candles, the running one among them."""
    return {timeframe: (newest - 1) * FIXED_NS[timeframe] for timeframe in timeframes}


def check_reaches(venue: str, rows: Sequence[Row], newest: int, timeframe: Timeframe, first_ns: int) -> None:
    """Raises UserError where the answer of such a venue is full and does not go back to first_ns: time went on since the backfill began."""
    if len(rows) >= newest and min(row.at_ns for row in rows) > first_ns:
        raise UserError(
            f"{venue} gives its newest {newest} bars of {timeframe} only, and they no longer go back that far; give a later --from"
        )


def row_of(at_ns: int, *numbers: object, trade_count: int = 0) -> Row:
    """numbers: open, high, low, close, volume, and what was turned over where the venue tells it; JSON numbers as their text. Raises ValueError."""
    opened, high, low, close, volume, *turnover = map(number_text, numbers)
    return Row(at_ns, opened, high, low, close, volume, turnover[0] if turnover else "", trade_count=trade_count)


def _check(rows: Sequence[Row], symbol: str, timeframe: Timeframe) -> None:
    """A candle of other hours than ours would pass for one of ours."""
    for row in rows:
        if interval_of(timeframe, row.at_ns)[0] != row.at_ns:
            raise UserError(f"the provider's {timeframe} of {symbol} do not begin when ours do; ask for a shorter --timeframe")
