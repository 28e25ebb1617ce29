"""Yahoo's chart interface, the only one that needs neither cookie nor crumb."""

from urllib.parse import quote

from ingestors.numbers import SECOND_NS
from ingestors.rest import RestClient
from ingestors.yahoo.config import HEADERS, SECTION, STAGE
from ingestors.yahoo.parse import judge


class YahooClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(self, rest_url: str) -> None:
        self._rest = RestClient(rest_url, STAGE, f"{SECTION}.rest_url and {SECTION}.symbols", judge, headers=HEADERS, patience_s=None)

    async def chart(self, name: str, interval: str, from_ns: int, to_ns: int) -> bytes:
        """Bars of a time, with dividends and splits."""
        query = {
            "period1": str(from_ns // SECOND_NS),
            "period2": str(-(-to_ns // SECOND_NS)),
            "interval": interval,
            "events": "div,splits",
            "includePrePost": "false",
        }
        return await self._rest.get(f"/v8/finance/chart/{quote(name)}", query)

    async def close(self) -> None:
        await self._rest.close()
