"""The providers that there are, and those that are no more. A provider's folder is named here, else a test fails."""

from ingestors.crypto_registry import CRYPTO
from ingestors.limits.budget import Limit
from ingestors.market_registry import MARKETS
from ingestors.polled_registry import POLLED
from ingestors.provider import Provider as Provider
from runtime.errors import UserError

PROVIDERS: dict[str, Provider] = {
    provider.name: provider
    for provider in (
        Provider(
            name="binance",
            transport="stream",
            trades=True,
            quotes=True,
            books=True,
            bars=True,
            history=True,
            asset_classes=("crypto",),
            limits="6,000 weight/min of REST calls; 1,024 streams and 5 messages/s a connection; connections live 24 h",
            licence="public market data, no key; Binance's terms of use apply, and some countries are blocked",
            budget=(Limit(6_000, "minute"),),
        ),
        Provider(
            name="coinbase",
            transport="stream",
            trades=True,
            quotes=True,
            books=True,
            bars=False,
            history=True,
            asset_classes=("crypto",),
            limits="10 REST calls/s; 8 connections/s; 100 messages/s a connection",
            licence="public market data of Coinbase Exchange, no key; Coinbase's market data terms apply, redistribution needs their consent",
            budget=(Limit(10, "second"),),
        ),
        *CRYPTO,
        *MARKETS,
        *POLLED,
    )
}

CLOSED = {
    "ftx": "FTX stopped on 11 November 2022: there is nothing to connect to; for crypto use binance or coinbase",
    "iex-cloud": "IEX Cloud ended all its data products on 31 August 2024: there is nothing to connect to",
}


def provider_of(name: str) -> Provider:
    """The provider. Raises UserError for one that is closed, or that there never was."""
    if name in CLOSED:
        raise UserError(CLOSED[name])
    if name not in PROVIDERS:
        raise UserError(f"no provider {name!r}; there are: {', '.join(sorted(PROVIDERS))}")
    return PROVIDERS[name]
