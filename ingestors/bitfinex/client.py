"""Bitfinex's REST interface: the pairs, and trades by time. Errors are arrays, with whatever status."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from ingestors.bitfinex.config import SECTION
from ingestors.bitfinex.parse import trade_of
from ingestors.bitfinex.wire import RATE_LIMIT, CandleRow
from ingestors.history import History
from ingestors.numbers import MS_NS
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.errors import TransientError
from schemas.ticks import Trade

PAGE = 10_000  # trades or candles, the most that one call gives
_PAGES = 5  # of one question: what is further back is told as lost
_ERROR = b'["error"'
_decode_pairs = msgspec.json.Decoder(list[list[str]]).decode
_decode_rows = msgspec.json.Decoder(list[list[Any]], float_hook=str).decode
_decode_candles = msgspec.json.Decoder(list[CandleRow], float_hook=str).decode
_decode_error = msgspec.json.Decoder(tuple[str, int, str]).decode


class BitfinexClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(
        self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None, patience_s: float | None = PATIENCE_S
    ) -> None:
        advice = f"{SECTION}.rest_url and {SECTION}.symbols"
        self._rest = RestClient(rest_url, stage, advice, judge, transport=transport, patience_s=patience_s)

    async def pairs(self) -> list[str]:
        """All pairs of the exchange, as BTCUSD or DUSK:USD."""
        return [pair for pairs in decoded(_decode_pairs, await self._rest.get("/v2/conf/pub:list:pair:exchange")) for pair in pairs]

    async def trades_to(self, name: str, from_ms: int, to_ms: int | None) -> list[list[Any]]:
        """The newest trades between two times, both included, the newest first: [id, ms, amount, price]."""
        query = {"limit": str(PAGE), "start": str(from_ms)} | ({"end": str(to_ms)} if to_ms is not None else {})
        rows: list[list[Any]] = decoded(_decode_rows, await self._rest.get(f"/v2/trades/{quote(name)}/hist", query))
        return rows

    async def candles(self, name: str, timeframe: str, from_ms: int, to_ms: int) -> list[CandleRow]:
        """The first ones that begin between two times, both included, ascending, at most 10,000; where nothing was traded there is none."""
        query = {"limit": str(PAGE), "start": str(from_ms), "end": str(to_ms), "sort": "1"}
        path = f"/v2/candles/trade:{timeframe}:{quote(name, safe=':')}/hist"
        rows: list[CandleRow] = decoded(_decode_candles, await self._rest.get(path, query))
        return rows

    async def close(self) -> None:
        await self._rest.close()


class BitfinexHistory(History):
    """The venue's past by canonical symbol: see ingestors.history."""

    def __init__(self, client: BitfinexClient, venue_symbols: Mapping[str, str]) -> None:
        self._client = client
        self._venue_symbols = venue_symbols

    async def trades_since(self, symbol: str, from_ns: int) -> list[Trade]:
        """From the newest page back to the start, as far as a few pages go."""
        found: dict[int | str, Trade] = {}
        to_ms: int | None = None
        for _ in range(_PAGES):
            page = _trades(symbol, await self._client.trades_to(self._venue_symbols[symbol], from_ns // MS_NS, to_ms))
            found |= {trade.trade_id: trade for trade in page}
            if len(page) < PAGE:
                break
            to_ms = min(trade.ts_event_ns for trade in page) // MS_NS
        return sorted(found.values(), key=lambda trade: (trade.ts_event_ns, int(trade.trade_id)))


def _trades(symbol: str, rows: list[list[Any]]) -> list[Trade]:
    try:
        return [trade_of(symbol, row, 0) for row in rows]
    except (ValueError, IndexError) as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None


def judge(status: int, body: bytes) -> Trouble | None:
    """["error", code, words]."""
    if not body.startswith(_ERROR):
        return None
    try:
        _, code, words = _decode_error(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return Trouble("limited" if code == RATE_LIMIT else "refused", f"{code} {words}")
