"""Polygon's REST interface: what is listed, and trades by time."""

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import msgspec

from ingestors.history import History
from ingestors.numbers import MS_NS
from ingestors.parsing import number_text
from ingestors.polygon.config import KEY, LISTED_AS, SECTION, market_of, rest_name
from ingestors.polygon.ids import trade_id
from ingestors.polygon.parse import aggressor
from ingestors.polygon.wire import Aggregate, AggregatesAnswer, ErrorBody, RestTrade, TickersAnswer, TradesAnswer
from ingestors.rest import PATIENCE_S, RestClient, Trouble, decoded
from runtime.errors import TransientError
from schemas.ticks import Trade

PAGE = 50_000  # trades or minutes, the most that one call gives
_MOST_TRADES = 200_000  # of one question: more is a hole that is told as partial
_LISTED_PAGE = 1_000
_ONE_BY_ONE = 20  # so many symbols are asked for singly, more by the market's whole list
_decode_trades = msgspec.json.Decoder(TradesAnswer, float_hook=str).decode
_decode_aggregates = msgspec.json.Decoder(AggregatesAnswer, float_hook=str).decode
_decode_tickers = msgspec.json.Decoder(TickersAnswer).decode
_decode_error = msgspec.json.Decoder(ErrorBody).decode


class PolygonClient:
    """See ingestors.rest for what waits and what is raised. The key goes into a header, never into an address."""

    def __init__(
        self,
        rest_url: str,
        stage: str,
        key: str,
        transport: httpx.AsyncBaseTransport | None = None,
        patience_s: float | None = PATIENCE_S,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        advice = f"{KEY}, {SECTION}.rest_url and {SECTION}.symbols"
        self._rest = RestClient(rest_url, stage, advice, judge, headers=headers, transport=transport, key=key, patience_s=patience_s)

    async def listed(self, symbols: Collection[str]) -> set[str]:
        """The REST names that are listed, at least of these canonical symbols."""
        found: set[str] = set()
        for market in sorted({market_of(symbol) for symbol in symbols}):
            wanted = [rest_name(symbol) for symbol in symbols if market_of(symbol) == market]
            query = {"market": LISTED_AS[market], "active": "true", "limit": str(_LISTED_PAGE)}
            questions = [query | {"ticker": name} for name in wanted] if len(wanted) <= _ONE_BY_ONE else [query]
            for question in questions:
                found |= await self._tickers(question)
        return found

    async def _tickers(self, query: Mapping[str, str]) -> set[str]:
        found: set[str] = set()
        path = "/v3/reference/tickers"
        while True:
            answer: TickersAnswer = decoded(_decode_tickers, await self._rest.get(path, query))
            found |= {row.ticker for row in answer.results}
            if not answer.next_url:
                return found
            path, query = _next(answer.next_url)

    async def trades(self, name: str, from_ns: int) -> list[RestTrade]:
        """From the newest back to from_ns, that one included; the newest first."""
        rows: list[RestTrade] = []
        path, query = f"/v3/trades/{quote(name, safe='')}", {"timestamp.gte": str(from_ns), "order": "desc", "limit": str(PAGE)}
        while len(rows) < _MOST_TRADES:
            answer: TradesAnswer = decoded(_decode_trades, await self._rest.get(path, query))
            rows += answer.results
            if not answer.next_url:
                break
            path, query = _next(answer.next_url)
        return rows

    async def aggregates(self, name: str, span: tuple[str, str], from_ms: int, to_ms: int) -> tuple[list[Aggregate], bool]:
        """The first bars that begin within these times, both included, ascending; and whether there are more. A page may be empty though there are."""
        path = f"/v2/aggs/ticker/{quote(name, safe='')}/range/{span[0]}/{span[1]}/{from_ms}/{to_ms}"
        query = {"adjusted": "false", "sort": "asc", "limit": str(PAGE)}
        while True:
            answer: AggregatesAnswer = decoded(_decode_aggregates, await self._rest.get(path, query))
            if answer.results or not answer.next_url:
                return answer.results, bool(answer.next_url)
            path, query = _next(answer.next_url)

    async def close(self) -> None:
        await self._rest.close()


class PolygonHistory(History):
    """The provider's past by canonical symbol: see ingestors.history. Currency pairs and indices have no trades."""

    def __init__(self, client: PolygonClient, skipped: Collection[int]) -> None:
        self._client = client
        self._skipped = frozenset(skipped)

    async def trades_since(self, symbol: str, from_ns: int) -> list[Trade]:
        if market_of(symbol) not in ("stocks", "crypto"):
            return []
        rows = await self._client.trades(rest_name(symbol), from_ns)
        trades = [_trade(symbol, row) for row in rows[::-1] if self._skipped.isdisjoint(row.conditions)]
        return sorted(trades, key=lambda trade: trade.ts_event_ns)


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors say so in `status`; one that is about the rate comes as 429."""
    try:
        error = _decode_error(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    words = error.error or error.message
    if error.status in ("ERROR", "NOT_AUTHORIZED", "NOT_FOUND") or status >= 400:
        return Trouble("limited" if "maximum requests" in words else "refused", words or error.status)
    return None


def _next(url: str) -> tuple[str, dict[str, str]]:
    """The provider's address of the next page, without its host: our key goes nowhere but to the one of the settings."""
    split = urlsplit(url)
    return split.path, dict(parse_qsl(split.query))


def _trade(symbol: str, row: RestTrade) -> Trade:
    """As the stream tells the same trade: its times are ms."""
    time_ms = (row.sip_timestamp or row.participant_timestamp) // MS_NS
    try:
        price, size = number_text(row.price), number_text(row.size)
    except ValueError as error:
        raise TransientError(f"the answer of the REST interface is not what was asked for: {error}") from None
    number: Any = row.id or f"{time_ms}-{price}-{size}"
    side = aggressor(row.conditions) if market_of(symbol) == "crypto" else ""
    return Trade(symbol, price, size, time_ms * MS_NS, 0, trade_id(time_ms, row.exchange, row.trf_id, number), side)
