"""The past of Kraken's WebSocket v1: the REST interface is that of v2, but trades are named by their content, as the stream's are."""

from collections.abc import Mapping

from ingestors.history import History
from ingestors.kraken.client import PAGE, KrakenClient, Listed, trade_of
from ingestors.kraken_v1.parse import trade_id
from ingestors.parsing import Ordinals
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
            page = [trade_of(symbol, row) for row in await self._client.trades(pair, since_ns)]
            found |= {trade.trade_id: trade for trade in page}
            if len(page) < PAGE:
                return _named(symbol, found)
            since_ns = max(since_ns + 1, page[-1].ts_event_ns - 1)
        return [trade for trade in _named(symbol, found) if trade.ts_event_ns > from_ns]


def _named(symbol: str, found: Mapping[int | str, Trade]) -> list[Trade]:
    """In order of time, and named as the stream names them. found: by the interface's own numbers."""
    ids = Ordinals()
    ordered = [found[number] for number in sorted(found, key=int)]
    for trade in ordered:
        trade.ts_event_ns -= trade.ts_event_ns % _US_NS
        trade.trade_id = ids.id(symbol, trade_id(trade.ts_event_ns, trade.price, trade.size, trade.side))
    return sorted(ordered, key=lambda trade: trade.ts_event_ns)
