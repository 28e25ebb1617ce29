"""The providers that are asked at intervals, as the registry has them."""

from ingestors.limits.budget import Limit
from ingestors.provider import Provider

POLLED = (
    Provider(
        name="yahoo",
        transport="poll",
        trades=False,
        quotes=False,
        books=False,
        bars=True,
        history=True,
        asset_classes=("equity", "fx", "crypto"),
        limits="none are told; users report bans above about 2,000 calls an hour",
        licence="no official interface and no key; Yahoo's terms allow personal use only, and no redistribution",
        budget=(Limit(2_000, "minute"), Limit(100_000, "day")),
    ),
    Provider(
        name="fmp",
        transport="poll",
        trades=False,
        quotes=False,
        books=False,
        bars=True,
        history=True,
        asset_classes=("equity", "fx", "crypto"),
        limits="by plan: 250 calls/min and 10,000/day; free keys 250 a day",
        licence="a key of Financial Modeling Prep, whose terms allow display and redistribution only by agreement",
        key="providers.fmp.api_key",
        budget=(Limit(250, "minute"), Limit(10_000, "day")),
    ),
    Provider(
        name="twelve-data-rest",
        transport="poll",
        trades=False,
        quotes=False,
        books=False,
        bars=True,
        history=True,
        asset_classes=("equity", "fx", "crypto"),
        limits="by plan: free keys 8 credits/min and 800/day, a symbol costs one",
        licence="a key of Twelve Data; its terms allow personal use on free plans, redistribution only by agreement",
        key="providers.twelve_data_rest.api_key",
        budget=(Limit(8, "minute"), Limit(800, "day")),
    ),
)
