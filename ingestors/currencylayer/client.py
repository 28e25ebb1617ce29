"""CurrencyLayer's REST interface: the newest rates, and those of past days."""

from ingestors.currencylayer.config import BASE, SECTION, STAGE
from ingestors.currencylayer.parse import judge
from ingestors.rest import RestClient


class CurrencyLayerClient:
    """See ingestors.rest for what waits and what is raised. currencies: `EUR,JPY`."""

    def __init__(self, rest_url: str, key: str) -> None:
        self._key = key
        self._rest = RestClient(rest_url, STAGE, f"{SECTION}.api_key, {SECTION}.symbols and your plan", judge, key=key, patience_s=None)

    async def live(self, currencies: str) -> bytes:
        return await self._rest.get("/live", self._query(currencies))

    async def days(self, currencies: str, first: str, last: str) -> bytes:
        """Dates as `2024-01-02`, both included, at most 365 days."""
        return await self._rest.get("/timeframe", self._query(currencies) | {"start_date": first, "end_date": last})

    def _query(self, currencies: str) -> dict[str, str]:
        return {"access_key": self._key, "source": BASE, "currencies": currencies}

    async def close(self) -> None:
        await self._rest.close()
