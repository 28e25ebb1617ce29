"""Coinbase Exchange's REST interface: the products, trades by id and time, candles."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import httpx
import msgspec

from ingestors.coinbase.config import SECTION
from ingestors.coinbase.wire import AGGRESSOR, Candle, ErrorBody, Product, RestTrade
from ingestors.history import History
from ingestors.numbers import iso_ns, plain
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.errors import TransientError
from schemas.ticks import Trade

PAGE = 1000  # the most that one call gives
CANDLES = 300  # the same; the venue refuses a longer range
_decode_products = msgspec.json.Decoder(list[Product]).decode
_decode_trades = msgspec.json.Decoder(list[RestTrade]).decode
_decode_candles = msgspec.json.Decoder(list[Candle], float_hook=str).decode  # a number of JSON keeps its digits
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class CoinbaseClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(
        self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None, patience_s: float | None = PATIENCE_S
    ) -> None:
        headers = {"User-Agent": "tickerplant"}  # without one it refuses
        advice = f"{SECTION}.rest_url and {SECTION}.symbols"
        self._rest = RestClient(rest_url, stage, advice, judge, headers=headers, transport=transport, patience_s=patience_s)

    async def products(self) -> list[str]:
        """All products that are listed, as BTC-USD."""
        return [product.id for product in decoded(_decode_products, await self._rest.get("/products"))]

    async def trades_before(self, product: str, before_id: int | None, limit: int = PAGE) -> list[RestTrade]:
        """The last trades before an id, or of all, ascending, at most `limit` (up to 1000)."""
        query = {"limit": str(limit)} | ({"after": str(before_id)} if before_id is not None else {})  # the venue's pages go back in time
        rows: list[RestTrade] = decoded(_decode_trades, await self._rest.get(f"/products/{quote(product)}/trades", query))
        return sorted(rows, key=lambda row: row.trade_id)

    async def candles(self, product: str, length_s: int, from_s: int) -> list[Candle]:
        """The 300 that begin at from_s and later, in any order; where nothing was traded there is none."""
        span = {"start": _text(from_s), "end": _text(from_s + (CANDLES - 1) * length_s)}
        answer = await self._rest.get(f"/products/{quote(product)}/candles", {"granularity": str(length_s), **span})
        rows: list[Candle] = decoded(_decode_candles, answer)
        return rows

    async def close(self) -> None:
        await self._rest.close()


class CoinbaseHistory(History):
    """The venue's past by canonical symbol: see ingestors.history."""

    pages_past = True

    def __init__(self, client: CoinbaseClient, venue_symbols: Mapping[str, str]) -> None:
        self._client = client
        self._venue_symbols = venue_symbols

    async def trades(self, symbol: str, from_id: int, limit: int, from_ns: int = 0) -> list[Trade]:
        rows = await self._client.trades_before(self._venue_symbols[symbol], from_id + min(limit, PAGE))
        return [_trade(symbol, row) for row in rows if row.trade_id >= from_id]

    async def trade_at(self, symbol: str, at_ns: int) -> int | None:
        """The venue cannot be asked by time: some thirty questions for single trades find the place."""
        product = self._venue_symbols[symbol]
        newest = await self._client.trades_before(product, None, 1)
        if not newest or _time_ns(newest[0]) < at_ns:
            return None
        before, found = 0, newest[0].trade_id  # ids: a trade earlier than at_ns or none, and one that is not
        while found - before > 1:
            middle = (before + found) // 2
            rows = await self._client.trades_before(product, middle + 1, 1)
            if not rows or _time_ns(rows[0]) < at_ns:
                before = middle
            else:
                found = rows[0].trade_id
        return found


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"message": ...} beside the status."""
    if status == 200:
        return None
    try:
        return Trouble("refused", _decode_error(body).message)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _trade(symbol: str, row: RestTrade) -> Trade:
    return Trade(symbol, plain(row.price), plain(row.size), _time_ns(row), 0, row.trade_id, AGGRESSOR.get(row.side, ""))


def _time_ns(row: RestTrade) -> int:
    try:
        return iso_ns(row.time)
    except ValueError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None


def _text(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"
