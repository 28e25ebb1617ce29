"""Tiingo's REST interface: bars of a time, and the best bid and ask."""

from collections.abc import Collection
from urllib.parse import quote

from ingestors.rest import RestClient
from ingestors.tiingo_rest.config import SECTION, STAGE
from ingestors.tiingo_rest.parse import judge


class TiingoClient:
    """See ingestors.rest for what waits and what is raised. The key goes into a header. Dates are `2024-01-02`, both included."""

    def __init__(self, rest_url: str, key: str) -> None:
        headers = {"Authorization": f"Token {key}"}
        advice = f"{SECTION}.api_key, {SECTION}.symbols and your plan"
        self._rest = RestClient(rest_url, STAGE, advice, judge, headers=headers, key=key, patience_s=None)

    async def days(self, name: str, first: str, last: str) -> bytes:
        """Of a share."""
        return await self._rest.get(f"/tiingo/daily/{quote(name)}/prices", _dates(first, last))

    async def share(self, name: str, interval: str, first: str, last: str) -> bytes:
        """Of a share within a day, as traded at IEX."""
        more = {"resampleFreq": interval, "columns": "open,high,low,close,volume"}
        return await self._rest.get(f"/iex/{quote(name)}/prices", _dates(first, last) | more)

    async def currency(self, name: str, interval: str, first: str, last: str) -> bytes:
        return await self._rest.get(f"/tiingo/fx/{quote(name)}/prices", _dates(first, last) | {"resampleFreq": interval})

    async def coin(self, name: str, interval: str, first: str, last: str) -> bytes:
        return await self._rest.get("/tiingo/crypto/prices", _dates(first, last) | {"tickers": name, "resampleFreq": interval})

    async def top(self, path: str, names: Collection[str]) -> bytes:
        """path: /iex/, /tiingo/fx/top or /tiingo/crypto/top."""
        return await self._rest.get(path, {"tickers": ",".join(sorted(names))})

    async def close(self) -> None:
        await self._rest.close()


def _dates(first: str, last: str) -> dict[str, str]:
    return {"startDate": first, "endDate": last, "format": "json"}
