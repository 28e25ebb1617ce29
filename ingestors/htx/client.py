"""HTX's REST interface: the symbols, and the newest trades. Its errors arrive with status 200."""

from collections.abc import Mapping

import httpx
import msgspec

from ingestors.history import History
from ingestors.htx.config import SECTION
from ingestors.htx.parse import SIDES
from ingestors.htx.wire import ErrorBody, Histories, Klines, RestTrade, SymbolRows
from ingestors.numbers import MS_NS
from ingestors.parsing import number_text
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.errors import TransientError
from schemas.ticks import Trade

PAGE = 2000  # takers' orders, each with all its trades: the most that one call gives
KLINES = 2000  # the same; there are no older ones
_LIMITS = ("limit", "too-many", "frequen")
_LATER = ("gateway-internal-error", "system-busy", "base-system-busy", "timeout")
_ONLINE = "online"
_decode_symbols = msgspec.json.Decoder(SymbolRows).decode
_decode_trades = msgspec.json.Decoder(Histories, float_hook=str).decode
_decode_klines = msgspec.json.Decoder(Klines, float_hook=str).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class HtxClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(
        self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None, patience_s: float | None = PATIENCE_S
    ) -> None:
        advice = f"{SECTION}.rest_url and {SECTION}.symbols"
        self._rest = RestClient(rest_url, stage, advice, judge, transport=transport, patience_s=patience_s)

    async def symbols(self) -> dict[str, str]:
        """The venue's name of all that are traded, by canonical symbol."""
        rows = decoded(_decode_symbols, await self._rest.get("/v1/common/symbols")).data
        return {f"{row.base}-{row.quote}".upper(): row.symbol for row in rows if row.state == _ONLINE}

    async def newest_trades(self, name: str) -> list[RestTrade]:
        """The newest ones, in no order that is promised."""
        query = {"symbol": name, "size": str(PAGE)}
        orders = decoded(_decode_trades, await self._rest.get("/market/history/trade", query)).data
        return [trade for order in orders for trade in order.data]

    async def klines(self, name: str, period: str) -> Klines:
        """The newest ones, the running one among them, the newest first."""
        query = {"symbol": name, "period": period, "size": str(KLINES)}
        answer: Klines = decoded(_decode_klines, await self._rest.get("/market/history/kline", query))
        return answer

    async def close(self) -> None:
        await self._rest.close()


class HtxHistory(History):
    """The venue's past by canonical symbol: see ingestors.history."""

    def __init__(self, client: HtxClient, venue_symbols: Mapping[str, str]) -> None:
        self._client = client
        self._venue_symbols = venue_symbols

    async def trades_since(self, symbol: str, from_ns: int) -> list[Trade]:
        """As far as one answer goes, whatever is asked for."""
        trades = [_trade(symbol, row) for row in await self._client.newest_trades(self._venue_symbols[symbol])]
        return sorted(trades, key=lambda trade: (trade.ts_event_ns, int(trade.trade_id)))


def judge(status: int, body: bytes) -> Trouble | None:
    """{"status": "error", "err-code": ...}."""
    try:
        error = _decode_error(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if error.status != "error":
        return None
    detail = f"{error.code} {error.message}"
    if any(word in error.code for word in _LIMITS):
        return Trouble("limited", detail)
    return Trouble("later" if error.code in _LATER else "refused", detail)


def _trade(symbol: str, row: RestTrade) -> Trade:
    try:
        return Trade(symbol, number_text(row.price), number_text(row.amount), row.ts * MS_NS, 0, row.trade_id, SIDES.get(row.direction, ""))
    except ValueError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
