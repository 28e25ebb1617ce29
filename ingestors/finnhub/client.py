"""Finnhub's REST interface: what is listed, and trades of a day."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import httpx
import msgspec

from ingestors.finnhub.config import KEY, SECTION, STAGE, name_of
from ingestors.finnhub.parse import known
from ingestors.finnhub.wire import Candles, ErrorBody, Listed, Quoted, Ticks
from ingestors.history import History
from ingestors.numbers import MS_NS
from ingestors.parsing import Ordinals, number_text
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.clock import Clock
from runtime.errors import TransientError
from runtime.settings.providers.finnhub import FinnhubSettings
from schemas.symbols import asset_class_of
from schemas.ticks import Trade

PAGE = 25_000  # trades, the most that one call gives
_MOST_TRADES = 200_000  # of one question: more is a hole that is told as partial
_MOST_DAYS = 4  # a long weekend
_ONE_BY_ONE = 10  # so many shares are asked for singly, more by the whole list
_BEHIND_NS = 5 * 3_600_000_000_000  # New York's trading never crosses midnight five hours behind UTC
_decode_quote = msgspec.json.Decoder(Quoted).decode
_decode_listed = msgspec.json.Decoder(list[Listed]).decode
_decode_ticks = msgspec.json.Decoder(Ticks, float_hook=str).decode
_decode_candles = msgspec.json.Decoder(Candles, float_hook=str).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class FinnhubClient:
    """See ingestors.rest for what waits and what is raised. The key goes into a header."""

    def __init__(
        self, settings: FinnhubSettings, key: str, patience_s: float | None = PATIENCE_S, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._settings = settings
        headers = {"X-Finnhub-Token": key}
        advice = f"{KEY}, {SECTION}.rest_url and {SECTION}.symbols"
        self._rest = RestClient(
            settings.rest_url, STAGE, advice, judge, headers=headers, transport=transport, key=key, patience_s=patience_s
        )

    async def listed(self, symbols: Collection[str]) -> set[str]:
        """The provider's names that are listed, at least of these canonical symbols."""
        found: set[str] = set()
        classes = {asset_class_of(symbol) for symbol in symbols}
        shares = [symbol for symbol in symbols if asset_class_of(symbol) == "equity"]
        if len(shares) <= _ONE_BY_ONE:
            found |= {symbol for symbol in shares if await self._is_quoted(symbol)}
        else:
            found |= await self._list("stock", "US")
        if "fx" in classes:
            found |= await self._list("forex", self._settings.fx_exchange.lower())
        if "crypto" in classes:
            found |= await self._list("crypto", self._settings.crypto_exchange.lower())
        return found

    async def _is_quoted(self, name: str) -> bool:
        answer: Quoted = decoded(_decode_quote, await self._rest.get("/api/v1/quote", {"symbol": name}))
        return bool(answer.t)

    async def _list(self, kind: str, exchange: str) -> set[str]:
        rows: list[Listed] = decoded(_decode_listed, await self._rest.get(f"/api/v1/{kind}/symbol", {"exchange": exchange}))
        return {row.symbol for row in rows}

    async def day(self, name: str, date: str, from_ms: int) -> list[tuple[int, str, str]]:
        """(time in ms, price, size) of one day's trades, from the first of a page that reaches back to from_ns; ascending."""
        rows: list[tuple[int, str, str]] = []
        left = (await self._ticks(name, date, 0, 1)).total
        while left > 0 and len(rows) < _MOST_TRADES:
            start = max(0, left - PAGE)
            page = await self._ticks(name, date, start, left - start)
            rows = _rows(page) + rows
            if not page.t or page.t[0] <= from_ms:
                break
            left = start
        return rows

    async def _ticks(self, name: str, date: str, skip: int, limit: int) -> Ticks:
        query = {"symbol": name, "date": date, "limit": str(limit), "skip": str(skip)}
        answer: Ticks = decoded(_decode_ticks, await self._rest.get("/api/v1/stock/tick", query))
        return answer

    async def candles(self, kind: str, name: str, resolution: str, from_s: int, to_s: int) -> Candles:
        """Those that begin between two times, both included. kind: stock or crypto. Columns are empty where there are none."""
        query = {"symbol": name, "resolution": resolution, "from": str(from_s), "to": str(to_s)}
        answer: Candles = decoded(_decode_candles, await self._rest.get(f"/api/v1/{kind}/candle", query))
        return answer

    async def close(self) -> None:
        await self._rest.close()


class FinnhubHistory(History):
    """Trades of shares, where the plan has them; the provider refuses it for others, which leaves a hole unfillable. See ingestors.history."""

    def __init__(self, client: FinnhubClient, settings: FinnhubSettings, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock

    async def trades_since(self, symbol: str, from_ns: int) -> list[Trade]:
        if asset_class_of(symbol) != "equity":
            return []
        rows: list[tuple[int, str, str]] = []
        name, from_ms, first = name_of(self._settings, symbol), from_ns // MS_NS, _date(from_ns)
        date = _date(self._clock.now_ns())
        for _ in range(_MOST_DAYS):
            rows = await self._client.day(name, date.strftime("%Y-%m-%d"), from_ms) + rows
            if date <= first:
                break
            date -= timedelta(days=1)
        ids = Ordinals()
        return [Trade(symbol, price, size, ms * MS_NS, 0, ids.id(symbol, known(ms, price, size))) for ms, price, size in rows]


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"error": ...} beside the status, and the one about the rate names a limit."""
    try:
        error = _decode_error(body).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not error:
        return None
    return Trouble("limited", error) if "limit reached" in error else Trouble("refused", f"HTTP {status} {error}")


def _rows(page: Ticks) -> list[tuple[int, str, str]]:
    try:
        return [(ms, number_text(price), number_text(size)) for ms, price, size in zip(page.t, page.p, page.v, strict=True)]
    except ValueError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None


def _date(ns: int) -> datetime:
    return datetime.fromtimestamp((ns - _BEHIND_NS) // 1_000_000_000, UTC).replace(hour=0, minute=0, second=0)
