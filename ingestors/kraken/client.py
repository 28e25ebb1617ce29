"""Kraken's REST interface: the pairs, and trades by time. Its errors arrive with status 200."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from ingestors.history import History
from ingestors.kraken.config import canonical
from ingestors.kraken.wire import ErrorAnswer, OhlcAnswer, OhlcRow, PairsAnswer, TradesAnswer
from ingestors.numbers import plain, seconds_ns
from ingestors.parsing import integer
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.errors import TransientError
from schemas.ticks import Side, Trade

PAGE = 1000  # the most that one call gives
_PAGES = 1_000  # of one question: a backfill that goes on in the middle of a day begins at the day's beginning
_SIDES: dict[str, Side] = {"b": "buy", "s": "sell"}
_GOOD = b'{"error":[]'
_LIMITS = ("Rate limit", "Too many requests", "Temporary lockout")
_LATER = ("EService:", "EGeneral:Internal")
_decode_pairs = msgspec.json.Decoder(PairsAnswer).decode
_decode_trades = msgspec.json.Decoder(TradesAnswer, float_hook=str).decode
_decode_ohlc = msgspec.json.Decoder(OhlcAnswer).decode
_decode_error = msgspec.json.Decoder(ErrorAnswer).decode


@dataclass(frozen=True, slots=True)
class Listed:
    """One pair. name: for the REST interface; stream_name: for WebSocket v1; decimals: of price and size, as checksums want them."""

    name: str
    stream_name: str
    decimals: tuple[int, int]


class KrakenClient:
    """See ingestors.rest for what waits and what is raised. section: of the settings, named in the advice."""

    def __init__(
        self,
        rest_url: str,
        stage: str,
        section: str,
        transport: httpx.AsyncBaseTransport | None = None,
        patience_s: float | None = PATIENCE_S,
    ) -> None:
        advice = f"{section}.rest_url and {section}.symbols"
        self._rest = RestClient(rest_url, stage, advice, judge, transport=transport, patience_s=patience_s)

    async def pairs(self) -> dict[str, Listed]:
        """All pairs that a WebSocket carries, by canonical symbol."""
        answer = decoded(_decode_pairs, await self._rest.get("/0/public/AssetPairs"))
        rows = [(name, pair) for name, pair in answer.result.items() if pair.wsname]
        return {canonical(pair.wsname): Listed(name, pair.wsname, (pair.pair_decimals, pair.lot_decimals)) for name, pair in rows}

    async def trades(self, pair: str, since_ns: int) -> list[Any]:
        """A page of trades after a time, ascending: [price, volume, seconds, b|s, m|l, misc, id]. 0: the newest ones."""
        query = {"pair": pair, "count": str(PAGE)} | ({"since": str(since_ns)} if since_ns else {})
        answer = decoded(_decode_trades, await self._rest.get("/0/public/Trades", query))
        rows = [rows for name, rows in answer.result.items() if name != "last"]
        if len(rows) != 1 or type(rows[0]) is not list:
            raise TransientError("the answer of the REST interface is not what was asked for: no trades of one pair")
        return rows[0]

    async def ohlc(self, pair: str, minutes: int) -> tuple[list[OhlcRow], int]:
        """The newest 720 candles, ascending, the running one among them, and the beginning in s of the last one that is closed."""
        answer = decoded(_decode_ohlc, await self._rest.get("/0/public/OHLC", {"pair": pair, "interval": str(minutes)}))
        rows = [value for value in answer.result.values() if isinstance(value, list)]
        last = answer.result.get("last")
        if len(rows) != 1 or not isinstance(last, int):
            raise TransientError("the answer of the REST interface is not what was asked for: no candles of one pair")
        return rows[0], last

    async def close(self) -> None:
        await self._rest.close()


class KrakenHistory(History):
    """The venue's past by canonical symbol: see ingestors.history. pairs: kept, not copied."""

    pages_past = True

    def __init__(self, client: KrakenClient, pairs: Mapping[str, Listed]) -> None:
        self._client = client
        self._pairs = pairs

    async def trade_at(self, symbol: str, at_ns: int) -> int | None:
        page = await self._page(symbol, max(1, at_ns - 1))
        return next((int(trade.trade_id) for trade in page if trade.ts_event_ns >= at_ns), None)

    async def _page(self, symbol: str, since_ns: int) -> list[Trade]:
        return [trade_of(symbol, row) for row in await self._client.trades(self._pairs[symbol].name, since_ns)]

    async def trades(self, symbol: str, from_id: int, limit: int, from_ns: int = 0) -> list[Trade]:
        """The venue finds trades by time: pages from the time of a trade before them."""
        found: list[Trade] = []
        since_ns = max(0, from_ns - 1)  # trades after it: of the same instant there may be more
        for _ in range(_PAGES):
            page = await self._page(symbol, since_ns)
            found += [trade for trade in page if int(trade.trade_id) >= from_id]
            if len(page) < PAGE or len(found) >= limit or not since_ns:
                break
            since_ns = max(since_ns + 1, page[-1].ts_event_ns - 1)
        unique = {trade.trade_id: trade for trade in found}
        return sorted(unique.values(), key=lambda trade: int(trade.trade_id))[:limit]


def judge(status: int, body: bytes) -> Trouble | None:
    """{"error": [...]} with status 200."""
    if status != 200 or body.startswith(_GOOD):
        return None
    try:
        errors = ", ".join(_decode_error(body).error)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not errors:
        return None
    if any(limit in errors for limit in _LIMITS):
        return Trouble("limited", errors)
    return Trouble("later" if errors.startswith(_LATER) else "refused", errors)


def trade_of(symbol: str, row: list[Any]) -> Trade:
    """Raises TransientError for what is no row."""
    try:
        price, size, seconds, side = plain(row[0]), plain(row[1]), str(row[2]), _SIDES.get(row[3], "")
        return Trade(symbol, price, size, seconds_ns(seconds), 0, integer(row[6]), side)
    except (ValueError, TypeError, IndexError) as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
