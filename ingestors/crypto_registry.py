"""The crypto venues beside Binance and Coinbase; each streams trades, quotes and books. Part of ingestors.registry."""

from ingestors.limits.budget import Limit
from ingestors.provider import Provider

CRYPTO: tuple[Provider, ...] = (
    Provider(
        name="kraken",
        transport="stream",
        trades=True,
        quotes=True,
        books=True,
        bars=False,
        history=True,
        asset_classes=("crypto",),
        budget=(Limit(60, "minute"),),
        limits="about 1 REST call/s; about 150 connections in 10 min; books of at most 1,000 levels",
        licence="public market data, no key; Kraken's terms of service apply",
    ),
    Provider(
        name="bitfinex",
        transport="stream",
        trades=True,
        quotes=True,
        books=True,
        bars=False,
        history=True,
        asset_classes=("crypto",),
        budget=(Limit(15, "minute"),),
        limits="about 15 REST calls for trades/min, else blocked for 60 s; 25 channels a connection; about 20 connections/min",
        licence="public market data, no key; Bitfinex's API terms of service apply",
    ),
    Provider(
        name="kucoin",
        transport="stream",
        trades=True,
        quotes=True,
        books=True,
        bars=False,
        history=True,
        asset_classes=("crypto",),
        budget=(Limit(3_000, "minute"),),
        limits="500 REST calls in 10 s, else blocked for 30 s; 300 topics and 10 messages/s a connection; 30 connections/min; tokens live 24 h",
        licence="public market data, no key; KuCoin's terms of use apply",
    ),
    Provider(
        name="htx",
        transport="stream",
        trades=True,
        quotes=True,
        books=True,
        bars=False,
        history=True,
        asset_classes=("crypto",),
        budget=(Limit(10, "second"),),
        limits="we ask no more than 10 times/s: the venue's limits are not published in one place",
        licence="public market data, no key; HTX's user agreement applies, and some countries are blocked",
    ),
)
