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
)
