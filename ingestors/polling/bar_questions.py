"""What is asked of a series of bars, and what of the answer is to be sent: bars that are new, and those that the provider has restated."""

from msgspec import structs

from ingestors.polling.sent_bars import SentBars
from ingestors.polling.timetable import bars_from_ns, deeper_from_ns
from ingestors.polling.venue import PollVenue
from runtime.logs import get_logger
from schemas.bars import ProviderBar
from schemas.timeframes import SECOND_NS, Timeframe

log = get_logger()


class BarQuestions:
    """history_bars: how far back a restated bar can be revised downstream (process.history_bars)."""

    def __init__(self, venue: PollVenue, sent: SentBars, history_bars: int) -> None:
        self._venue = venue
        self._sent = sent
        self._history_bars = history_bars

    async def ask(self, symbol: str, timeframe: Timeframe, now_ns: int) -> list[ProviderBar]:
        """What is to be sent, oldest first. Waits, and raises, as the venue's `bars` does; nothing is noted as sent."""
        newest_ns, first_bars = self._sent.newest_ns((symbol, timeframe.value)), self._venue.settings.first_bars
        lookback_ns = dict(self._venue.lookback_ns).get(timeframe)
        from_ns = bars_from_ns(symbol, timeframe, newest_ns, now_ns, first_bars, lookback_ns)
        bars = await self._read(symbol, timeframe, from_ns, now_ns)
        if newest_ns is None:
            return bars[-first_bars:]
        if not self._is_restated_from_the_start(bars):
            return self._news(bars, is_deep=False)
        deeper_ns = deeper_from_ns(symbol, timeframe, newest_ns, now_ns, self._history_bars, lookback_ns)
        bars = await self._read(symbol, timeframe, min(from_ns, deeper_ns), now_ns)
        return self._news(self._within_history(bars, newest_ns), is_deep=True)

    async def _read(self, symbol: str, timeframe: Timeframe, from_ns: int, now_ns: int) -> list[ProviderBar]:
        """All pages, and of them what has been closed for long enough."""
        closed_ns, at_ns, bars = now_ns - round(self._venue.settings.bars_delay_s * SECOND_NS), from_ns, list[ProviderBar]()
        while True:
            page = await self._venue.bars(symbol, timeframe, at_ns, now_ns)
            bars += [bar for bar in page.bars if bar.ts_close_ns <= closed_ns]
            if page.next_ns is None:
                return bars
            at_ns = page.next_ns

    def _is_restated_from_the_start(self, bars: list[ProviderBar]) -> bool:
        """The oldest one that can be compared has changed, as after a split: older ones have most likely, too."""
        known = [standing for standing in map(self._sent.standing, bars) if standing in ("known", "restated")]
        return bool(known) and known[0] == "restated"

    def _within_history(self, bars: list[ProviderBar], newest_ns: int) -> list[ProviderBar]:
        old, new = [bar for bar in bars if bar.ts_open_ns <= newest_ns], [bar for bar in bars if bar.ts_open_ns > newest_ns]
        return old[-self._history_bars :] + new

    def _news(self, bars: list[ProviderBar], is_deep: bool) -> list[ProviderBar]:
        """is_deep: what is no longer remembered is sent too, where it is published it is compared."""
        standings = [(self._sent.standing(bar), bar) for bar in bars]
        restated = [bar for standing, bar in standings if standing == "restated"]
        if restated:
            first, last = restated[0], restated[-1]
            log.info("bars_restated", symbol=first.symbol, timeframe=first.timeframe, count=len(restated), from_ns=first.ts_open_ns,
                     to_ns=last.ts_close_ns, older_ones="by `tickerplant backfill`" if is_deep else "unchanged")  # fmt: skip
        again = ("restated", "unknown") if is_deep else ("restated",)
        return [
            structs.replace(bar, again=True) if standing in again else bar
            for standing, bar in standings
            if standing in ("new", "late", *again)
        ]
