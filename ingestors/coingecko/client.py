"""CoinGecko's REST interface: candles, and the newest prices."""

from collections.abc import Collection
from urllib.parse import quote

from ingestors.coingecko.config import KEY_HEADERS, SECTION, STAGE
from ingestors.coingecko.parse import judge
from ingestors.rest import RestClient


class CoinGeckoClient:
    """See ingestors.rest for what waits and what is raised. key: "" without one."""

    def __init__(self, rest_url: str, key: str, plan: str) -> None:
        headers = {KEY_HEADERS[plan]: key} if key else {}
        advice = f"{SECTION}.api_key, {SECTION}.coins and {SECTION}.symbols"
        self._rest = RestClient(rest_url, STAGE, advice, judge, headers=headers, key=key, patience_s=None)

    async def candles(self, coin: str, currency: str, days: int) -> bytes:
        """Those of the last days."""
        return await self._rest.get(f"/api/v3/coins/{quote(coin)}/ohlc", {"vs_currency": currency, "days": str(days)})

    async def prices(self, coins: Collection[str], currencies: Collection[str]) -> bytes:
        """The newest, with their times."""
        query = {"ids": ",".join(sorted(coins)), "vs_currencies": ",".join(sorted(currencies)), "include_last_updated_at": "true"}
        return await self._rest.get("/api/v3/simple/price", query | {"precision": "full"})

    async def close(self) -> None:
        await self._rest.close()
