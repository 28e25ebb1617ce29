"""Binance's REST interface: the symbol table, trades by id, the newest state of a book."""

from collections.abc import Mapping

import httpx
import msgspec

from ingestors.binance.config import SECTION
from ingestors.binance.wire import Depth, ErrorBody, ExchangeInfo, RestTrade
from ingestors.history import History
from ingestors.numbers import MS_NS, plain
from ingestors.rest import RestClient, Trouble, decoded
from schemas.books import BookDifference
from schemas.ticks import Trade

PAGE = 1000  # the most that one call of historicalTrades gives
BOOK_LEVELS = 1000  # a side of a book, for a weight of 50
_decode_info = msgspec.json.Decoder(ExchangeInfo).decode
_decode_trades = msgspec.json.Decoder(list[RestTrade]).decode
_decode_depth = msgspec.json.Decoder(Depth).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class BinanceClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._rest = RestClient(rest_url, stage, f"{SECTION}.rest_url and {SECTION}.symbols", judge, transport=transport)

    async def symbols(self) -> dict[str, tuple[str, str]]:
        """The symbol table: the venue's name to (canonical BASE-QUOTE, status)."""
        info = decoded(_decode_info, await self._rest.get("/api/v3/exchangeInfo"))
        return {row.symbol: (f"{row.baseAsset}-{row.quoteAsset}".upper(), row.status) for row in info.symbols}

    async def trades(self, venue_symbol: str, from_id: int, limit: int = PAGE) -> list[RestTrade]:
        """Trades from_id and later, ascending, at most `limit` (up to 1000)."""
        query = {"symbol": venue_symbol, "fromId": str(from_id), "limit": str(min(limit, PAGE))}
        rows: list[RestTrade] = decoded(_decode_trades, await self._rest.get("/api/v3/historicalTrades", query))
        return rows

    async def newest_update_id(self, venue_symbol: str) -> int:
        """The number of the order book's newest state; book tickers and depth share it."""
        return (await self.depth(venue_symbol, 5)).lastUpdateId

    async def depth(self, venue_symbol: str, limit: int = BOOK_LEVELS) -> Depth:
        """The book, at most `limit` levels a side."""
        book: Depth = decoded(_decode_depth, await self._rest.get("/api/v3/depth", {"symbol": venue_symbol, "limit": str(limit)}))
        return book

    async def close(self) -> None:
        await self._rest.close()


class BinanceHistory(History):
    """The venue's past by canonical symbol: see ingestors.history."""

    book_interval_s = 1.5  # 40 books a minute of weight 50, where the venue allows a weight of 6,000

    def __init__(self, client: BinanceClient, venue_symbols: Mapping[str, str], source: str) -> None:
        self._client = client
        self._source = source
        self._venue_symbols = venue_symbols

    async def trades(self, symbol: str, from_id: int, limit: int) -> list[Trade]:
        rows = await self._client.trades(self._venue_symbols[symbol], from_id, limit)
        return [_trade(symbol, row) for row in rows]

    async def book(self, symbol: str) -> BookDifference:
        depth = await self._client.depth(self._venue_symbols[symbol])
        number = depth.lastUpdateId
        return BookDifference(symbol, self._source, 0, 0, number, number, depth.bids, depth.asks, snapshot=True)

    async def newest_update_id(self, symbol: str) -> int | None:
        return await self._client.newest_update_id(self._venue_symbols[symbol])


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
