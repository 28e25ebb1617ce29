"""Tiingo's REST interface, as far as a stream needs it: which shares it has."""

from collections.abc import Collection

import httpx
import msgspec

from ingestors.rest import PATIENCE_S, RestClient, decoded
from ingestors.tiingo_iex.config import KEY, SECTION, STAGE, name_of
from ingestors.tiingo_iex.wire import Listed
from ingestors.tiingo_rest.parse import judge

_TICKERS_A_CALL = 100
_decode = msgspec.json.Decoder(list[Listed]).decode


class TiingoLists:
    """See ingestors.rest for what waits and what is raised. The key goes into a header."""

    def __init__(
        self, rest_url: str, key: str, patience_s: float | None = PATIENCE_S, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Token {key}"}
        advice = f"{KEY}, {SECTION}.rest_url and {SECTION}.symbols"
        self._rest = RestClient(rest_url, STAGE, advice, judge, headers=headers, transport=transport, key=key, patience_s=patience_s)

    async def listed(self, symbols: Collection[str]) -> set[str]:
        """Of these canonical symbols, the tickers that are known."""
        names, found = sorted(name_of(symbol) for symbol in symbols), set[str]()
        for at in range(0, len(names), _TICKERS_A_CALL):
            query = {"tickers": ",".join(names[at : at + _TICKERS_A_CALL])}
            rows: list[Listed] = decoded(_decode, await self._rest.get("/iex/", query))
            found |= {row.ticker for row in rows}
        return found

    async def close(self) -> None:
        await self._rest.close()
