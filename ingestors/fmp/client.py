"""FMP's REST interface: bars of a time."""

from ingestors.fmp.config import SECTION, STAGE
from ingestors.fmp.parse import judge
from ingestors.rest import RestClient


class FmpClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(self, rest_url: str, key: str) -> None:
        self._key = key
        advice = f"{SECTION}.api_key, {SECTION}.symbols and your plan"
        self._rest = RestClient(rest_url, STAGE, advice, judge, key=key, patience_s=None)

    async def days(self, name: str, from_date: str, to_date: str) -> bytes:
        """Both dates included."""
        return await self._get("/stable/historical-price-eod/full", name, from_date, to_date)

    async def chart(self, name: str, interval: str, from_date: str, to_date: str) -> bytes:
        """Bars within a day; both dates included."""
        return await self._get(f"/stable/historical-chart/{interval}", name, from_date, to_date)

    async def _get(self, path: str, name: str, from_date: str, to_date: str) -> bytes:
        return await self._rest.get(path, {"symbol": name, "from": from_date, "to": to_date, "apikey": self._key})

    async def close(self) -> None:
        await self._rest.close()
