"""The providers that push equities, currencies and indices, as the registry has them."""

from ingestors.limits.budget import Limit
from ingestors.provider import Provider

MARKETS = (
    Provider(
        name="polygon",
        transport="stream",
        trades=True,
        quotes=True,
        books=False,
        bars=True,
        history=True,
        asset_classes=("equity", "fx", "crypto", "index"),
        limits="one connection a market and key; REST without a hard limit on paid plans, 5 calls/min on the free one, which has no streams",
        licence="Polygon.io, now Massive: paid plans, whose terms say who may see the data; exchange fees and non-display rules apply to stocks",
        key="providers.polygon.api_key",
    ),
    Provider(
        name="oanda",
        transport="stream",
        trades=False,
        quotes=True,
        books=False,
        bars=False,
        history=True,
        asset_classes=("fx",),
        budget=(Limit(100, "second"),),
        limits="4 prices/s an instrument; 20 streams, 2 new connections/s; 100 REST calls/s",
        licence="for holders of an OANDA account; its prices are its own, for use with the account, and not for redistribution",
        key="providers.oanda.api_key",
    ),
    Provider(
        name="finnhub",
        transport="stream",
        trades=True,
        quotes=True,
        books=False,
        bars=False,
        history=True,
        asset_classes=("equity", "fx", "crypto"),
        budget=(Limit(30, "second"), Limit(60, "minute")),
        limits="one connection a key, about 50 symbols on the free plan; 60 REST calls/min on it, 30/s on any; trades of the past on paid plans",
        licence="Finnhub's terms: personal use on the free plan; others by agreement, redistribution needs their consent",
        key="providers.finnhub.api_key",
    ),
)
