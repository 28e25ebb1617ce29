"""KuCoin's REST interface: the symbols, where to connect to, the newest trades, books. Its errors arrive with status 200 and a code."""

from typing import Any

import httpx
import msgspec

from ingestors.history import History
from ingestors.kucoin.config import SECTION
from ingestors.kucoin.wire import (
    SIDES,
    Books,
    Bullet,
    Bullets,
    CandleRow,
    CandleRows,
    ErrorBody,
    Histories,
    Snapshot,
    SymbolRow,
    SymbolRows,
    TradeRow,
)
from ingestors.numbers import MS_NS, plain
from ingestors.parsing import integer
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.errors import TransientError
from schemas.books import BookDifference
from schemas.ticks import Trade

_GOOD = "200000"
_LIMITS = ("429000", "1015")
_LATER = ("500000", "230003", "300000")
_decode_error = msgspec.json.Decoder(ErrorBody).decode
_decode_symbols = msgspec.json.Decoder(SymbolRows).decode
_decode_bullet = msgspec.json.Decoder(Bullets).decode
_decode_trades = msgspec.json.Decoder(Histories).decode
_decode_candles = msgspec.json.Decoder(CandleRows).decode
_decode_book = msgspec.json.Decoder(Books).decode


class KucoinClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(
        self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None, patience_s: float | None = PATIENCE_S
    ) -> None:
        advice = f"{SECTION}.rest_url and {SECTION}.symbols"
        self._rest = RestClient(rest_url, stage, advice, judge, transport=transport, patience_s=patience_s)

    async def symbols(self) -> list[str]:
        """All that are traded, as BTC-USDT."""
        rows: list[SymbolRow] = (await self._data(_decode_symbols, "GET", "/api/v2/symbols")).data
        return [row.symbol for row in rows if row.enableTrading]

    async def bullet(self) -> Bullet:
        """Where to connect to now. Raises TransientError where it names no server."""
        bullet: Bullet = (await self._data(_decode_bullet, "POST", "/api/v1/bullet-public")).data
        if not bullet.instanceServers:
            raise TransientError("the answer of the REST interface is not what was asked for: no server to connect to")
        return bullet

    async def newest_trades(self, symbol: str) -> list[TradeRow]:
        """The last hundred."""
        rows: list[TradeRow] = (await self._data(_decode_trades, "GET", "/api/v1/market/histories", symbol)).data
        return rows

    async def book(self, symbol: str) -> Snapshot:
        """The hundred best levels of each side: more are told only with a key."""
        book: Snapshot = (await self._data(_decode_book, "GET", "/api/v1/market/orderbook/level2_100", symbol)).data
        return book

    async def candles(self, symbol: str, kind: str, from_s: int, to_s: int) -> list[CandleRow]:
        """The newest 1,500 of those that begin between two times, the newest first; where nothing was traded there is none."""
        query = {"symbol": symbol, "type": kind, "startAt": str(from_s), "endAt": str(to_s)}
        rows: list[CandleRow] = decoded(_decode_candles, await self._rest.get("/api/v1/market/candles", query)).data
        return rows

    async def _data(self, decode: Any, method: str, path: str, symbol: str = "") -> Any:
        query = {"symbol": symbol} if symbol else None
        return decoded(decode, await (self._rest.post(path, query) if method == "POST" else self._rest.get(path, query)))

    async def close(self) -> None:
        await self._rest.close()


class KucoinHistory(History):
    """The venue's past by canonical symbol, which is its own name: see ingestors.history."""

    def __init__(self, client: KucoinClient, source: str) -> None:
        self._client = client
        self._source = source

    async def trades_since(self, symbol: str, from_ns: int) -> list[Trade]:
        """The last hundred, whatever is asked for."""
        return sorted([_trade(symbol, row) for row in await self._client.newest_trades(symbol)], key=lambda trade: int(trade.trade_id))

    async def book(self, symbol: str) -> BookDifference:
        book = await self._client.book(symbol)
        try:
            number = integer(book.sequence)
        except ValueError as error:
            raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
        return BookDifference(symbol, self._source, book.time * MS_NS, 0, number, number, book.bids, book.asks, snapshot=True)


def judge(status: int, body: bytes) -> Trouble | None:
    """{"code": "200000", "data": ...} is good, any other code is not."""
    try:
        error = _decode_error(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    code = str(error.code)
    if code in (_GOOD, ""):
        return None
    detail = f"{code} {error.msg}"
    if code in _LIMITS:
        return Trouble("limited", detail)
    return Trouble("later" if code in _LATER else "refused", detail)


def _trade(symbol: str, row: TradeRow) -> Trade:
    try:
        return Trade(symbol, plain(row.price), plain(row.size), row.time, 0, integer(row.sequence), SIDES.get(row.side, ""))
    except ValueError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
