"""Asset classes."""

import pytest

from schemas.symbols import SYMBOL, AssetClass, asset_class_of


@pytest.mark.parametrize(
    ("symbol", "asset_class"),
    [
        ("BTC-USDT", "crypto"),
        ("BTC-USD", "crypto"),
        ("USDT-USD", "crypto"),  # a token, not a currency
        ("EUR-USDT", "crypto"),
        ("AAPL", "equity"),
        ("BRK.B", "equity"),
        ("I.SPX", "index"),
        ("I", "equity"),
        ("EUR-USD", "fx"),
        ("USD-JPY", "fx"),
        ("eur-usd", "crypto"),  # canonical symbols are upper case
    ],
)
def test_asset_class_by_name(symbol: str, asset_class: AssetClass) -> None:
    assert asset_class_of(symbol) == asset_class


def test_an_override_wins() -> None:
    assert asset_class_of("XAU-USD", {"XAU-USD": "fx"}) == "fx"
    assert asset_class_of("EUR-USD", {"XAU-USD": "fx"}) == "fx"


def test_what_can_be_a_symbol() -> None:
    assert all(map(SYMBOL.fullmatch, ("AAPL", "BRK.B", "I.SPX", "EUR-USD", "1000SATS-USDT")))
    assert not any(map(SYMBOL.fullmatch, ("", "*", "btc", "BTC/USD", "A-B-C", "AAPL\n", "BTC-", "../X")))
