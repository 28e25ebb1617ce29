"""Binance's REST interface: the symbol table, trades by id and time, klines, the newest state of a book."""

from collections.abc import Collection, Mapping

import httpx
import msgspec

from ingestors.bar_history import BarHistory, BarPage, page_of
from ingestors.binance.config import SECTION, resolve
from ingestors.binance.parse import mean_price
from ingestors.binance.wire import Depth, ErrorBody, ExchangeInfo, KlineRow, RestAggregate, RestTrade
from ingestors.history import History
from ingestors.numbers import MS_NS, plain
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.clock import Clock
from runtime.errors import InvalidRecord, TransientError
from schemas.bars import ProviderBar
from schemas.books import BookDifference
from schemas.ticks import Trade
from schemas.timeframes import Timeframe

PAGE = 1000  # the most that one call of historicalTrades gives
BOOK_LEVELS = 1000  # a side of a book, for a weight of 50
_decode_info = msgspec.json.Decoder(ExchangeInfo).decode
_decode_trades = msgspec.json.Decoder(list[RestTrade]).decode
_decode_aggregates = msgspec.json.Decoder(list[RestAggregate]).decode
_decode_klines = msgspec.json.Decoder(list[KlineRow]).decode
_decode_depth = msgspec.json.Decoder(Depth).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class BinanceClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(
        self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None, patience_s: float | None = PATIENCE_S
    ) -> None:
        self._rest = RestClient(
            rest_url, stage, f"{SECTION}.rest_url and {SECTION}.symbols", judge, transport=transport, patience_s=patience_s
        )

    async def symbols(self) -> dict[str, tuple[str, str]]:
        """The symbol table: the venue's name to (canonical BASE-QUOTE, status)."""
        info = decoded(_decode_info, await self._rest.get("/api/v3/exchangeInfo", weight=20))
        return {row.symbol: (f"{row.baseAsset}-{row.quoteAsset}".upper(), row.status) for row in info.symbols}

    async def trades(self, venue_symbol: str, from_id: int, limit: int = PAGE) -> list[RestTrade]:
        """Trades from_id and later, ascending, at most `limit` (up to 1000)."""
        query = {"symbol": venue_symbol, "fromId": str(from_id), "limit": str(min(limit, PAGE))}
        rows: list[RestTrade] = decoded(_decode_trades, await self._rest.get("/api/v3/historicalTrades", query, weight=25))
        return rows

    async def first_trade_id(self, venue_symbol: str, from_ms: int) -> int | None:
        """Of the first trade at or after a time; None where there is none."""
        query = {"symbol": venue_symbol, "startTime": str(from_ms), "limit": "1"}
        rows: list[RestAggregate] = decoded(_decode_aggregates, await self._rest.get("/api/v3/aggTrades", query, weight=4))
        return rows[0].f if rows else None

    async def klines(self, venue_symbol: str, interval: str, from_ms: int, to_ms: int) -> list[KlineRow]:
        """Those that begin at from_ms or later and before to_ms, ascending, the first 1000."""
        query = {"symbol": venue_symbol, "interval": interval, "startTime": str(from_ms), "endTime": str(to_ms - 1), "limit": str(PAGE)}
        rows: list[KlineRow] = decoded(_decode_klines, await self._rest.get("/api/v3/klines", query, weight=2))
        return rows

    async def newest_update_id(self, venue_symbol: str) -> int:
        """The number of the order book's newest state; book tickers and depth share it."""
        return (await self.depth(venue_symbol, 5)).lastUpdateId

    async def depth(self, venue_symbol: str, limit: int = BOOK_LEVELS) -> Depth:
        """The book, at most `limit` levels a side."""
        query = {"symbol": venue_symbol, "limit": str(limit)}
        book: Depth = decoded(_decode_depth, await self._rest.get("/api/v3/depth", query, weight=_depth_weight(limit)))
        return book

    async def close(self) -> None:
        await self._rest.close()


class BinanceHistory(History):
    """The venue's past by canonical symbol: see ingestors.history."""

    pages_past = True
    book_interval_s = 1.5  # 40 books a minute of weight 50, where the venue allows a weight of 6,000

    def __init__(self, client: BinanceClient, venue_symbols: Mapping[str, str], source: str) -> None:
        self._client = client
        self._source = source
        self._venue_symbols = venue_symbols

    async def trades(self, symbol: str, from_id: int, limit: int, from_ns: int = 0) -> list[Trade]:
        rows = await self._client.trades(self._venue_symbols[symbol], from_id, limit)
        return [_trade(symbol, row) for row in rows]

    async def trade_at(self, symbol: str, at_ns: int) -> int | None:
        return await self._client.first_trade_id(self._venue_symbols[symbol], -(-at_ns // MS_NS))

    async def book(self, symbol: str) -> BookDifference:
        depth = await self._client.depth(self._venue_symbols[symbol])
        number = depth.lastUpdateId
        return BookDifference(symbol, self._source, 0, 0, number, number, depth.bids, depth.asks, snapshot=True)

    async def newest_update_id(self, symbol: str) -> int | None:
        return await self._client.newest_update_id(self._venue_symbols[symbol])


class BinanceBarHistory(BarHistory):
    """Klines: see ingestors.bar_history. names: of the symbols that were resolved."""

    timeframes = tuple(timeframe for timeframe in Timeframe if timeframe is not Timeframe.D2)

    def __init__(self, client: BinanceClient, source: str, clock: Clock) -> None:
        self.source = source
        self._client = client
        self._clock = clock
        self._names: dict[str, str] = {}

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        self._names |= (found := resolve(symbols, await self._client.symbols()))
        return found

    async def bars(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> BarPage:
        rows = await self._client.klines(self._names[symbol], timeframe.value, -(-from_ns // MS_NS), -(-to_ns // MS_NS))
        now_ns = self._clock.now_ns()
        bars = [_bar(symbol, self.source, timeframe, row, now_ns) for row in rows]
        return page_of(bars, from_ns, to_ns, now_ns, bars[-1].ts_close_ns if bars else None)

    async def close(self) -> None:
        await self._client.close()


def _depth_weight(levels: int) -> int:
    return next((weight for most, weight in ((100, 5), (500, 25), (1_000, 50)) if levels <= most), 250)


def judge(status: int, body: bytes) -> Trouble | None:
    """Binance puts its own code beside the status; limits come as 429 and 418."""
    if status == 200:
        return None
    try:
        error = _decode_error(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Trouble("refused", f"{error.code} {error.msg}")


def _trade(symbol: str, row: RestTrade) -> Trade:
    return Trade(symbol, plain(row.price), plain(row.qty), row.time * MS_NS, 0, row.id, "sell" if row.isBuyerMaker else "buy")


def _bar(symbol: str, source: str, timeframe: Timeframe, row: KlineRow, known_at_ns: int) -> ProviderBar:
    close = plain(row.close)
    try:
        vwap = mean_price(row.volume, row.quote_volume, close)
    except InvalidRecord as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
    return ProviderBar(
        symbol=symbol,
        source=source,
        timeframe=timeframe.value,
        ts_open_ns=row.open_ms * MS_NS,
        ts_close_ns=(row.last_ms + 1) * MS_NS,
        open=plain(row.open),
        high=plain(row.high),
        low=plain(row.low),
        close=close,
        volume=plain(row.volume),
        quote_volume=plain(row.quote_volume),
        vwap=vwap,
        trade_count=row.trades,
        kind="provider",
        revision=0,
        quality=1.0,
        reasons=(),
        known_at_ns=known_at_ns,
        primary=False,
    )
