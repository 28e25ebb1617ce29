"""The past of Kraken's WebSocket v1: the REST interface is that of v2, but trades are named by their content, as the stream's are."""

from collections.abc import Mapping
from typing import Any

from ingestors.history import History
from ingestors.kraken.client import PAGE, KrakenClient, Listed, trade_of
from ingestors.kraken_v1.parse import trade_id
from schemas.ticks import Trade

_PAGES = 20  # of one question
_US_NS = 1_000  # the stream's times have microseconds


class KrakenV1History(History):
    """By canonical symbol: see ingestors.history. pairs: kept, not copied."""

    def __init__(self, client: KrakenClient, pairs: Mapping[str, Listed]) -> None:
        self._client = client
        self._pairs = pairs

    async def trades_since(self, symbol: str, from_ns: int) -> list[Trade]:
        """Page by page from the start on. Where that does not reach the end: what comes after the start, without it, so that the hole counts as filled in
        part."""
        pair, since_ns, found = self._pairs[symbol].name, max(1, from_ns - 1), dict[int | str, Trade]()
        for _ in range(_PAGES):
            rows = await self._client.trades(pair, since_ns)
            page = [_named(symbol, row) for row in rows]
            found |= {trade.trade_id: trade for trade in page}
            if len(rows) < PAGE:
                return _ordered(found.values())
            since_ns = max(since_ns + 1, page[-1].ts_event_ns - 1)
        return _ordered(trade for trade in found.values() if trade.ts_event_ns > from_ns)


def _ordered(trades: Any) -> list[Trade]:
    return sorted(trades, key=lambda trade: trade.ts_event_ns)


def _named(symbol: str, row: list[Any]) -> Trade:
    trade = trade_of(symbol, row)
    trade.ts_event_ns -= trade.ts_event_ns % _US_NS
    trade.trade_id = trade_id(trade.ts_event_ns, trade.price, trade.size, trade.side)
    return trade
