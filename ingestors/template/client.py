"""The provider's REST interface: what it lists, and trades by id."""

from collections.abc import Mapping

import httpx
import msgspec

from ingestors.history import History
from ingestors.rest import RestClient, Trouble, decoded
from ingestors.template.config import SECTION
from ingestors.template.parse import trade_of
from ingestors.template.wire import Answer, TradeMessage
from schemas.ticks import Trade

PAGE = 1000  # the most that one call gives
_decode = msgspec.json.Decoder(Answer).decode


class TemplateClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(self, rest_url: str, stage: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._rest = RestClient(rest_url, stage, f"{SECTION}.rest_url and {SECTION}.symbols", judge, transport=transport)

    async def symbols(self) -> list[str]:
        """All that is listed, in the provider's spelling."""
        answer: Answer = decoded(_decode, await self._rest.get("/symbols"))
        return [row.name for row in answer.symbols]

    async def trades(self, name: str, from_id: int, limit: int) -> list[TradeMessage]:
        """Trades from_id and later, ascending, at most `limit` (up to 1000)."""
        query = {"symbol": name, "from": str(from_id), "limit": str(min(limit, PAGE))}
        answer: Answer = decoded(_decode, await self._rest.get("/trades", query))
        return answer.trades

    async def close(self) -> None:
        await self._rest.close()


class TemplateHistory(History):
    """The provider's past by canonical symbol: see ingestors.history."""

    def __init__(self, client: TemplateClient, venue_symbols: Mapping[str, str]) -> None:
        self._client = client
        self._venue_symbols = venue_symbols

    async def trades(self, symbol: str, from_id: int, limit: int, from_ns: int = 0) -> list[Trade]:
        name = self._venue_symbols[symbol]
        return [trade_of(row, {name: symbol}, 0) for row in await self._client.trades(name, from_id, limit)]


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors come with status 200, also the one that says that we ask too often."""
    try:
        error = _decode(body).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not error:
        return None
    return Trouble("limited", error) if "rate limit" in error else Trouble("refused", error)
