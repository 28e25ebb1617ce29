"""Twelve Data's REST interface, as far as a stream needs it: what is listed."""

from collections.abc import Collection

import httpx
import msgspec

from ingestors.rest import PATIENCE_S, RestClient, decoded
from ingestors.twelve_data_rest.parse import judge
from ingestors.twelve_data_stream.config import KEY, SECTION, STAGE, name_of
from ingestors.twelve_data_stream.wire import Listing
from schemas.symbols import AssetClass, asset_class_of

_ONE_BY_ONE = 3  # so many of an asset class are asked for singly, more by the whole list: each call is a credit of a few a minute
_PATHS: dict[AssetClass, str] = {"equity": "/stocks", "fx": "/forex_pairs", "crypto": "/cryptocurrencies"}
_decode = msgspec.json.Decoder(Listing).decode


class TwelveDataLists:
    """See ingestors.rest for what waits and what is raised. The key goes into a header."""

    def __init__(
        self, rest_url: str, key: str, patience_s: float | None = PATIENCE_S, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"apikey {key}"}
        advice = f"{KEY}, {SECTION}.rest_url and {SECTION}.symbols"
        self._rest = RestClient(rest_url, STAGE, advice, judge, headers=headers, transport=transport, key=key, patience_s=patience_s)

    async def listed(self, symbols: Collection[str]) -> set[str]:
        """The provider's names that are listed, at least of these canonical symbols. Indices have none in the stream."""
        found: set[str] = set()
        for asset_class, path in _PATHS.items():
            names = sorted(name_of(symbol) for symbol in symbols if asset_class_of(symbol) == asset_class)
            questions = [{"symbol": name} for name in names] if len(names) <= _ONE_BY_ONE else [{}]
            for question in questions:
                answer: Listing = decoded(_decode, await self._rest.get(path, question))
                found |= {row.symbol for row in answer.data}
        return found

    async def close(self) -> None:
        await self._rest.close()
