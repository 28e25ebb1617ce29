"""CryptoCompare's REST interface: bars that end at a time."""

from ingestors.cryptocompare.config import SECTION, STAGE
from ingestors.cryptocompare.parse import judge
from ingestors.rest import RestClient


class CryptoCompareClient:
    """See ingestors.rest for what waits and what is raised. The key goes into a header."""

    def __init__(self, rest_url: str, key: str) -> None:
        headers = {"Authorization": f"Apikey {key}"}
        self._rest = RestClient(
            rest_url, STAGE, f"{SECTION}.api_key and {SECTION}.symbols", judge, headers=headers, key=key, patience_s=None
        )

    async def bars(self, path: str, symbol: str, exchange: str, until_s: int, limit: int) -> bytes:
        """The bar that holds until_s, and `limit` before it."""
        base, _, quote = symbol.partition("-")
        query = {"fsym": base, "tsym": quote, "limit": str(limit), "toTs": str(until_s)}
        return await self._rest.get(path, query if exchange == "CCCAGG" else query | {"e": exchange})

    async def close(self) -> None:
        await self._rest.close()
