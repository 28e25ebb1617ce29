"""Quandl's REST interface: time series of datasets."""

from urllib.parse import quote

from ingestors.quandl.config import SECTION, STAGE
from ingestors.quandl.parse import judge
from ingestors.rest import RestClient


class QuandlClient:
    """See ingestors.rest for what waits and what is raised. The key goes into a header."""

    def __init__(self, rest_url: str, key: str) -> None:
        advice = f"{SECTION}.api_key, {SECTION}.datasets and your plan"
        self._rest = RestClient(rest_url, STAGE, advice, judge, headers={"x-api-token": key}, key=key, patience_s=None)

    async def days(self, dataset: str, first: str, last: str) -> bytes:
        """dataset: `EOD/AAPL`. Dates as `2024-01-02`, both included."""
        query = {"start_date": first, "end_date": last, "order": "asc"}
        return await self._rest.get(f"/api/v3/datasets/{quote(dataset)}/data.json", query)

    async def close(self) -> None:
        await self._rest.close()
