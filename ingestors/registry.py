"""The providers that there are, and those that are no more. A provider's folder is named here, else a test fails."""

from dataclasses import dataclass
from typing import Literal

from ingestors.limits.budget import Budget, Limit
from runtime.errors import UserError


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider can give and on which terms.

    transport: how data come (a stream that it pushes, or answers that we ask for). history: trades or bars of the past. limits: in words, as it states
    them; budget: of these, what our calls keep to. key: the setting that a key is read from, "" where none is needed. licence: a note for the user.
    """

    name: str
    transport: Literal["stream", "poll"]
    trades: bool
    quotes: bool
    books: bool
    bars: bool
    history: bool
    asset_classes: tuple[str, ...]
    limits: str
    licence: str
    key: str = ""
    budget: Budget = ()

    @property
    def module(self) -> str:
        """The folder."""
        return f"ingestors.{self.name.replace('-', '_')}"

    @property
    def ingestor(self) -> str:
        """`module:function` that builds it, imported only where it runs."""
        return f"{self.module}.ingestor:build"

    @property
    def process(self) -> str:
        """The name of its process."""
        return f"ingest-{self.name}"


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
            books=False,
            bars=False,
            history=True,
            asset_classes=("crypto",),
            limits="10 REST calls/s; 8 connections/s; 100 messages/s a connection",
            licence="public market data of Coinbase Exchange, no key; Coinbase's market data terms apply, redistribution needs their consent",
            budget=(Limit(10, "second"),),
        ),
        Provider(
            name="kraken",
            transport="stream",
            trades=True,
            quotes=True,
            books=True,
            bars=False,
            history=True,
            asset_classes=("crypto",),
            limits="about 1 REST call/s; about 150 connections in 10 min; books of at most 1,000 levels",
            licence="public market data, no key; Kraken's terms of service apply",
        ),
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
