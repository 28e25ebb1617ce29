"""Alpha Vantage's REST interface: one address, and functions."""

from collections.abc import Mapping

from ingestors.alpha_vantage.config import SECTION, STAGE
from ingestors.alpha_vantage.parse import judge
from ingestors.rest import RestClient


class AlphaVantageClient:
    """See ingestors.rest for what waits and what is raised."""

    def __init__(self, rest_url: str, key: str) -> None:
        self._key = key
        advice = f"{SECTION}.api_key, {SECTION}.symbols and your plan"
        self._rest = RestClient(rest_url, STAGE, advice, judge, key=key, patience_s=None)

    async def series(self, function: Mapping[str, str], whole: bool, month: str = "") -> bytes:
        """whole: all that there is, not only the newest hundred rows. month: `2024-01`, of equities within a day."""
        query = {**function, "outputsize": "full" if whole else "compact", "datatype": "json", "apikey": self._key}
        return await self._rest.get("/query", query | ({"month": month} if month else {}))

    async def rate(self, base: str, quote: str) -> bytes:
        """The newest rate of a pair."""
        pair = {"from_currency": base, "to_currency": quote}
        return await self._rest.get("/query", {"function": "CURRENCY_EXCHANGE_RATE", **pair, "apikey": self._key})

    async def close(self) -> None:
        await self._rest.close()
