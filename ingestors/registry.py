"""The providers that there are. A provider's folder is named here, else a test fails."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider can give and on which terms. module: its folder; ingestor: `module:class`, imported only where it runs; process: the name of its
    ingestor's process; licence: a note for the user.
    """

    name: str
    module: str
    ingestor: str
    process: str
    trades: bool
    quotes: bool
    books: bool
    bars: bool
    history: bool
    asset_classes: tuple[str, ...]
    licence: str


PROVIDERS: dict[str, Provider] = {
    "binance": Provider(
        name="binance",
        module="ingestors.binance",
        ingestor="ingestors.binance.ingestor:BinanceIngestor",
        process="ingest-binance",
        trades=True,
        quotes=True,
        books=True,
        bars=True,
        history=True,
        asset_classes=("crypto",),
        licence="public market data, no key; Binance's terms of use apply, and some countries are blocked",
    ),
}
