"""Tiingo's REST interface as the shared ingestor sees it: bars and quotes, by polling."""

from collections.abc import Callable, Sequence
from functools import partial

from ingestors.bar_history import BarHistory
from ingestors.output import Output
from ingestors.polling.answers import reading
from ingestors.polling.ingestor import PollIngestor
from ingestors.polling.rows import Row, date_of
from ingestors.polling.venue import PollVenue, Tick, key_of
from ingestors.tiingo_rest.client import TiingoClient
from ingestors.tiingo_rest.config import INTERVALS, NAME, OTHER_SPAN_NS, SECTION, SPAN_NS, SYMBOLS_PER_CALL, name_of
from ingestors.tiingo_rest.parse import bar_rows, day_rows, pair_quotes, pair_rows, quotes
from runtime.clock import Clock
from runtime.health import Health
from runtime.settings import Settings
from runtime.settings.providers.tiingo_rest import TiingoRestSettings
from schemas.symbols import AssetClass, asset_class_of
from schemas.timeframes import DAY_NS, Timeframe

_TOPS: dict[AssetClass, str] = {"equity": "/iex/", "fx": "/tiingo/fx/top", "crypto": "/tiingo/crypto/top"}


class TiingoVenue(PollVenue):
    """See ingestors.polling.venue."""

    name = NAME
    section = SECTION
    timeframes = tuple(INTERVALS)
    symbols_per_call = SYMBOLS_PER_CALL

    def __init__(self, settings: TiingoRestSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._iex_agreement = settings.iex_agreement
        self._client = TiingoClient(settings.rest_url, key_of(settings, NAME, SECTION))

    def name_of(self, symbol: str) -> str:
        return name_of(symbol)

    def has_ticks(self, symbol: str) -> bool:
        return self._iex_agreement or asset_class_of(symbol) != "equity"

    def until_ns(self, timeframe: Timeframe, from_ns: int) -> int:
        return from_ns + SPAN_NS.get(timeframe, OTHER_SPAN_NS)

    async def rows(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> Sequence[Row]:
        name, interval, kind = self.named(symbol), INTERVALS[timeframe], asset_class_of(symbol)
        dates = date_of(from_ns), date_of(to_ns + DAY_NS * (kind != "crypto"))  # a day of fx begins the evening before its date
        if kind == "crypto":
            read: Callable[[bytes], list[Row]] = partial(pair_rows, name=name)
            body = await self._client.coin(name, interval, *dates)
        elif kind == "fx":
            body, read = await self._client.currency(name, interval, *dates), bar_rows
        elif timeframe is Timeframe.D1:
            body, read = await self._client.days(name, *dates), day_rows
        else:
            body, read = await self._client.share(name, interval, *dates), bar_rows
        with reading(body):
            return read(body)

    async def ticks(self, symbols: Sequence[str]) -> list[Tick]:
        """One call for each kind of market."""
        found: list[Tick] = []
        for kind, path in _TOPS.items():
            names = {self.named(symbol): symbol for symbol in symbols if asset_class_of(symbol) == kind}
            if names:
                body = await self._client.top(path, names)
                with reading(body):
                    found += (pair_quotes if kind == "crypto" else quotes)(body, names, self.clock.now_ns())
        return found

    async def close(self) -> None:
        await self._client.close()


def build(settings: Settings, bootstrap: str, clock: Clock, health: Health, output: Output | None = None) -> PollIngestor:
    """The ingestor of this process."""
    return PollIngestor(NAME, TiingoVenue(settings.providers.tiingo_rest, clock), settings, bootstrap, clock, health, output)


def bar_history(settings: Settings, clock: Clock) -> BarHistory:
    """Its bars of the past."""
    return TiingoVenue(settings.providers.tiingo_rest, clock)
