"""Binance's REST interface: the symbol table, and trades by id. Waits where the venue says so (429, 418 with Retry-After)."""

import asyncio
import random
from typing import Any

import httpx
import msgspec
import structlog

from ingestors.binance.parse import MS_NS, plain
from ingestors.binance.wire import Depth, ErrorBody, ExchangeInfo, RestTrade
from ingestors.connection import Backoff
from runtime import metrics
from runtime.addresses import is_loopback
from runtime.errors import TransientError, UserError
from schemas.ticks import Trade

log = structlog.get_logger()

PAGE = 1000  # the most that one call of historicalTrades gives
_ATTEMPTS = 4
_TIMEOUT_S = 5.0  # with the attempts: a hole that cannot be filled holds up the live feed for 20 s at most
_MAX_WAIT_S = 2.0  # the live feed may wait for the call: a longer limit (429) or ban (418) is reported, and nothing asked until it is over
_NOT_NOW = (403, 408)  # the venue's firewall and its time limit: nothing is wrong with the question
_decode_info = msgspec.json.Decoder(ExchangeInfo).decode
_decode_trades = msgspec.json.Decoder(list[RestTrade]).decode
_decode_depth = msgspec.json.Decoder(Depth).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class BinanceClient:
    """One HTTP connection pool. Every call may wait: for the network (5 s), for the venue's limits, between attempts.

    Raises TransientError when the venue cannot be asked or refuses for now, at once until a longer limit is over; UserError when it refuses the question.
    """

    def __init__(self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._stage = stage
        self._limited_until_s = 0.0  # of the event loop's time
        self._http = httpx.AsyncClient(base_url=rest_url, timeout=_TIMEOUT_S, transport=transport, trust_env=not is_loopback(rest_url))

    async def symbols(self) -> dict[str, tuple[str, str]]:
        """The symbol table: the venue's name to (canonical BASE-QUOTE, status)."""
        info = _decode(_decode_info, await self._get("/api/v3/exchangeInfo", {}))
        return {row.symbol: (f"{row.baseAsset}-{row.quoteAsset}".upper(), row.status) for row in info.symbols}

    async def trades(self, venue_symbol: str, from_id: int, limit: int = PAGE) -> list[RestTrade]:
        """Trades from_id and later, ascending, at most `limit` (up to 1000)."""
        query = {"symbol": venue_symbol, "fromId": str(from_id), "limit": str(min(limit, PAGE))}
        rows: list[RestTrade] = _decode(_decode_trades, await self._get("/api/v3/historicalTrades", query))
        return rows

    async def newest_update_id(self, venue_symbol: str) -> int:
        """The number of the order book's newest state; book tickers and depth share it."""
        book: Depth = _decode(_decode_depth, await self._get("/api/v3/depth", {"symbol": venue_symbol, "limit": "5"}))
        return book.lastUpdateId

    async def close(self) -> None:
        await self._http.aclose()

    async def _get(self, path: str, query: dict[str, str]) -> bytes:
        limited_s = self._limited_until_s - asyncio.get_running_loop().time()
        if limited_s > 0:
            raise TransientError(f"{self._http.base_url}{path}: the venue wants no question for {limited_s:.0f} s")
        backoff = Backoff(0.1, 5.0, random.Random())  # noqa: S311 (jitter, not a secret)
        for attempt in range(_ATTEMPTS):
            try:
                answer = await self._http.get(path, params=query)
                if answer.status_code == 200:
                    return answer.content
                wait_s = _wait_of(answer, backoff)
                problem = f"HTTP {answer.status_code}"
            except (httpx.HTTPError, OSError) as error:
                wait_s, problem = backoff.next_s(), f"{type(error).__name__}: {error}"
            metrics.RETRIES.labels(self._stage, "rest").inc()
            log.warning("rest_call_failed", path=path, problem=problem, wait_s=round(wait_s, 3))
            if wait_s > _MAX_WAIT_S:
                self._limited_until_s = asyncio.get_running_loop().time() + wait_s
                break
            if attempt == _ATTEMPTS - 1:
                break
            await asyncio.sleep(wait_s)
        raise TransientError(f"{self._http.base_url}{path}: {problem}")


class BinanceHistory:
    """The venue's past by canonical symbol: see ingestors.history."""

    def __init__(self, client: BinanceClient, venue_symbols: dict[str, str]) -> None:
        self._client = client
        self._venue_symbols = venue_symbols

    async def trades(self, symbol: str, from_id: int, limit: int) -> list[Trade]:
        rows = await self._client.trades(self._venue_symbols[symbol], from_id, limit)
        return [_trade(symbol, row) for row in rows]

    async def newest_update_id(self, symbol: str) -> int:
        return await self._client.newest_update_id(self._venue_symbols[symbol])


def _trade(symbol: str, row: RestTrade) -> Trade:
    return Trade(symbol, plain(row.price), plain(row.qty), row.time * MS_NS, 0, row.id, "sell" if row.isBuyerMaker else "buy")


def _wait_of(answer: httpx.Response, backoff: Backoff) -> float:
    """Seconds to wait before asking again. Raises UserError where asking again cannot help."""
    if answer.status_code in (418, 429):
        try:
            return max(0.0, float(answer.headers.get("Retry-After", "1")))
        except ValueError:
            return 1.0
    if answer.status_code >= 500 or answer.status_code in _NOT_NOW:
        return backoff.next_s()
    try:
        body = _decode_error(answer.content)
    except msgspec.DecodeError:
        body = ErrorBody(answer.status_code, answer.text[:200])
    raise UserError(f"{answer.url.host} refuses {answer.url.path}: {body.code} {body.msg}; check binance.rest_url and binance.symbols")


def _decode(decode: Any, body: bytes) -> Any:
    try:
        return decode(body)
    except msgspec.DecodeError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from error
