"""OANDA's REST interface: the instruments of an account, and candles."""

from collections.abc import Collection
from datetime import UTC, datetime

import httpx
import msgspec

from ingestors.bar_history import BarHistory, BarPage, page_of
from ingestors.numbers import iso_ns
from ingestors.oanda.config import KEY, SECTION, STAGE, account_path, resolve
from ingestors.oanda.wire import Candle, Candles, ErrorBody, Instruments, Ohlc
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.clock import Clock
from runtime.errors import TransientError
from runtime.settings.providers.oanda import OandaSettings
from schemas.bars import BidAsk, ProviderBar
from schemas.sessions import bar_interval, calendar_of
from schemas.symbols import asset_class_of
from schemas.timeframes import Timeframe

PAGE = 5_000  # candles, the most that one call gives
GRANULARITIES = {
    Timeframe.M1: "M1",
    Timeframe.M5: "M5",
    Timeframe.M15: "M15",
    Timeframe.M30: "M30",
    Timeframe.H1: "H1",
    Timeframe.D1: "D",
}  # its four hours begin at 17:00 New York, ours at midnight UTC
_decode_instruments = msgspec.json.Decoder(Instruments).decode
_decode_candles = msgspec.json.Decoder(Candles).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class OandaClient:
    """See ingestors.rest for what waits and what is raised. The key goes into a header."""

    def __init__(
        self, settings: OandaSettings, key: str, patience_s: float | None = PATIENCE_S, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        advice = f"{KEY}, {SECTION}.account, {SECTION}.rest_url and {SECTION}.symbols"
        headers = {"Authorization": f"Bearer {key}"}
        self._account = account_path(settings)
        self._rest = RestClient(
            settings.rest_url, STAGE, advice, judge, headers=headers, transport=transport, key=key, patience_s=patience_s
        )

    async def instruments(self) -> list[str]:
        """All that the account may have, as EUR_USD."""
        answer: Instruments = decoded(_decode_instruments, await self._rest.get(f"{self._account}/instruments"))
        return [row.name for row in answer.instruments]

    async def candles(self, name: str, granularity: str, from_ns: int) -> list[Candle]:
        """The first ones that begin at from_ns or later, at most 5,000; a day begins at 17:00 New York."""
        query = {"granularity": granularity, "price": "MBA", "from": _text(from_ns), "count": str(PAGE)}
        answer: Candles = decoded(_decode_candles, await self._rest.get(f"/v3/instruments/{name}/candles", query | _ALIGNED))
        return answer.candles

    async def close(self) -> None:
        await self._rest.close()


_ALIGNED = {"dailyAlignment": "17", "alignmentTimezone": "America/New_York"}


class OandaBarHistory(BarHistory):
    """Bars of the mid, with both sides; nothing is traded here, so they have no volume. See ingestors.bar_history."""

    timeframes = tuple(GRANULARITIES)

    def __init__(self, client: OandaClient, source: str, clock: Clock) -> None:
        self._client = client
        self.source = source
        self._clock = clock

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return resolve(symbols, await self._client.instruments())

    async def bars(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> BarPage:
        rows = await self._client.candles(symbol.replace("-", "_"), GRANULARITIES[timeframe], from_ns)
        now_ns = self._clock.now_ns()
        bars = [bar for row in rows if row.complete and (bar := self._bar(symbol, timeframe, row, now_ns))]
        next_ns = iso_ns(rows[-1].time) + 1 if len(rows) == PAGE else None
        return page_of(bars, from_ns, to_ns, now_ns, next_ns)

    async def close(self) -> None:
        await self._client.close()

    def _bar(self, symbol: str, timeframe: Timeframe, row: Candle, now_ns: int) -> ProviderBar | None:
        """None for a row without a mid, or outside the market's hours."""
        interval = bar_interval(calendar_of(asset_class_of(symbol)), timeframe, _time(row))
        if row.mid is None or interval is None:
            return None
        return ProviderBar(
            symbol=symbol,
            source=self.source,
            timeframe=timeframe.value,
            ts_open_ns=interval[0],
            ts_close_ns=interval[1],
            open=row.mid.o,
            high=row.mid.h,
            low=row.mid.l,
            close=row.mid.c,
            volume="0",
            quote_volume="0",
            vwap=row.mid.c,
            trade_count=0,
            kind="provider",
            revision=0,
            quality=1.0,
            reasons=(),
            known_at_ns=now_ns,
            price_basis="mid",
            quote_count=row.volume,
            sides=_sides(row.bid, row.ask),
        )


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"errorMessage": ...} beside the status."""
    if status == 200:
        return None
    try:
        return Trouble("refused", f"HTTP {status} {_decode_error(body).errorMessage}")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _sides(bid: Ohlc | None, ask: Ohlc | None) -> BidAsk | None:
    return BidAsk(bid.o, bid.h, bid.l, bid.c, ask.o, ask.h, ask.l, ask.c) if bid and ask else None


def _time(row: Candle) -> int:
    try:
        return iso_ns(row.time)
    except ValueError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None


def _text(ns: int) -> str:
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"
