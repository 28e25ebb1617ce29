"""Coinbase Advanced Trade's public REST interface: the products, and trades by time."""

from urllib.parse import quote

import httpx
import msgspec

from ingestors.coinbase_advanced.config import SECTION
from ingestors.coinbase_advanced.wire import SIDES, CandleRow, CandleRows, ErrorBody, Products, RestTrade, RestTrades
from ingestors.history import History
from ingestors.numbers import SECOND_NS, iso_ns, plain
from ingestors.parsing import integer
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.errors import TransientError
from schemas.ticks import Trade

PAGE = 1000  # what is asked for at once
CANDLES = 300  # the same; the venue refuses 350
_PAGES = 20  # of one question: what is further back is told as lost
_ROOT = "/api/v3/brokerage/market/products"
_decode_products = msgspec.json.Decoder(Products).decode
_decode_trades = msgspec.json.Decoder(RestTrades).decode
_decode_candles = msgspec.json.Decoder(CandleRows).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class AdvancedClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(
        self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None, patience_s: float | None = PATIENCE_S
    ) -> None:
        headers = {"User-Agent": "tickerplant", "Cache-Control": "no-cache"}  # answers are held back for a second otherwise
        advice = f"{SECTION}.rest_url and {SECTION}.symbols"
        self._rest = RestClient(rest_url, stage, advice, judge, headers=headers, transport=transport, patience_s=patience_s)

    async def products(self) -> list[str]:
        """All products that are traded, as BTC-USD."""
        return [row.product_id for row in decoded(_decode_products, await self._rest.get(_ROOT)).products if not row.is_disabled]

    async def trades_to(self, product: str, from_s: int, to_s: int | None) -> list[RestTrade]:
        """The newest trades between two times in whole seconds, in no order that is promised."""
        query = {"limit": str(PAGE)} | ({"start": str(from_s), "end": str(to_s)} if to_s is not None else {})
        rows: list[RestTrade] = decoded(_decode_trades, await self._rest.get(f"{_ROOT}/{quote(product)}/ticker", query)).trades
        return rows

    async def candles(self, product: str, granularity: str, from_s: int, to_s: int) -> list[CandleRow]:
        """Those that begin between two times, both included, the newest first; where nothing was traded there is none."""
        query = {"start": str(from_s), "end": str(to_s), "granularity": granularity}
        rows: list[CandleRow] = decoded(_decode_candles, await self._rest.get(f"{_ROOT}/{quote(product)}/candles", query)).candles
        return rows

    async def close(self) -> None:
        await self._rest.close()


class AdvancedHistory(History):
    """The venue's past by canonical symbol, which is the product: see ingestors.history."""

    def __init__(self, client: AdvancedClient) -> None:
        self._client = client

    async def trades_since(self, symbol: str, from_ns: int) -> list[Trade]:
        """From the newest page back to the start, as far as a few pages go."""
        found: dict[int | str, Trade] = {}
        to_s: int | None = None
        for _ in range(_PAGES):
            page = [_trade(symbol, row) for row in await self._client.trades_to(symbol, from_ns // SECOND_NS, to_s)]
            new = {trade.trade_id: trade for trade in page if trade.trade_id not in found}
            found |= new
            oldest_ns = min((trade.ts_event_ns for trade in page), default=0)
            if not new or oldest_ns < from_ns or len(page) < PAGE:
                break
            to_s = -(-oldest_ns // SECOND_NS)
        return sorted(found.values(), key=lambda trade: (trade.ts_event_ns, int(trade.trade_id)))


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"error": ..., "message": ...} beside the status."""
    if status == 200:
        return None
    try:
        error = _decode_error(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Trouble("refused", f"{error.error} {error.message}".strip()) if error.error or error.message else None


def _trade(symbol: str, row: RestTrade) -> Trade:
    try:
        event_ns, number = iso_ns(row.time), integer(row.trade_id)
    except ValueError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
    return Trade(symbol, plain(row.price), plain(row.size), event_ns, 0, number, SIDES.get(row.side, ""))
