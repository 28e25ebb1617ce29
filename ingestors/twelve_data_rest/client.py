"""Twelve Data's REST interface: bars of a time."""

from ingestors.rest import RestClient
from ingestors.twelve_data_rest.config import ROWS, SECTION, STAGE
from ingestors.twelve_data_rest.parse import judge


class TwelveDataClient:
    """See ingestors.rest for what waits and what is raised. The key goes into a header: addresses are logged by others on the way."""

    def __init__(self, rest_url: str, key: str) -> None:
        headers = {"Authorization": f"apikey {key}"}
        advice = f"{SECTION}.api_key, {SECTION}.symbols and your plan"
        self._rest = RestClient(rest_url, STAGE, advice, judge, headers=headers, key=key, patience_s=None)

    async def series(self, name: str, interval: str, from_time: str, to_time: str) -> bytes:
        """Bars of a time, in UTC; both ends included."""
        times = {"start_date": from_time, "end_date": to_time, "timezone": "UTC"}
        return await self._rest.get(
            "/time_series", {"symbol": name, "interval": interval, "outputsize": str(ROWS), "order": "asc", **times}
        )

    async def close(self) -> None:
        await self._rest.close()
