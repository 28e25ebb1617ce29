"""Coinbase Exchange's REST interface: the products, and trades by id."""

from collections.abc import Mapping
from urllib.parse import quote

import httpx
import msgspec

from ingestors.coinbase.config import SECTION
from ingestors.coinbase.wire import AGGRESSOR, ErrorBody, Product, RestTrade
from ingestors.history import History
from ingestors.numbers import iso_ns, plain
from ingestors.rest import RestClient, Trouble, decoded
from runtime.errors import TransientError
from schemas.ticks import Trade

PAGE = 1000  # the most that one call gives
_decode_products = msgspec.json.Decoder(list[Product]).decode
_decode_trades = msgspec.json.Decoder(list[RestTrade]).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class CoinbaseClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        headers = {"User-Agent": "tickerplant"}  # without one it refuses
        self._rest = RestClient(rest_url, stage, f"{SECTION}.rest_url and {SECTION}.symbols", judge, headers=headers, transport=transport)

    async def products(self) -> list[str]:
        """All products that are listed, as BTC-USD."""
        return [product.id for product in decoded(_decode_products, await self._rest.get("/products"))]

    async def trades_before(self, product: str, before_id: int) -> list[RestTrade]:
        """The thousand trades before an id, ascending."""
        query = {"limit": str(PAGE), "after": str(before_id)}  # `after` in the venue's pages, which go back in time
        rows: list[RestTrade] = decoded(_decode_trades, await self._rest.get(f"/products/{quote(product)}/trades", query))
        return sorted(rows, key=lambda row: row.trade_id)

    async def close(self) -> None:
        await self._rest.close()


class CoinbaseHistory(History):
    """The venue's past by canonical symbol: see ingestors.history."""

    def __init__(self, client: CoinbaseClient, venue_symbols: Mapping[str, str]) -> None:
        self._client = client
        self._venue_symbols = venue_symbols

    async def trades(self, symbol: str, from_id: int, limit: int) -> list[Trade]:
        rows = await self._client.trades_before(self._venue_symbols[symbol], from_id + min(limit, PAGE))
        return [_trade(symbol, row) for row in rows if row.trade_id >= from_id]


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"message": ...} beside the status."""
    if status == 200:
        return None
    try:
        return Trouble("refused", _decode_error(body).message)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _trade(symbol: str, row: RestTrade) -> Trade:
    try:
        event_ns = iso_ns(row.time)
    except ValueError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
    return Trade(symbol, plain(row.price), plain(row.size), event_ns, 0, row.trade_id, AGGRESSOR.get(row.side, ""))
