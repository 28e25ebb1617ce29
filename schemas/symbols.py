"""Canonical symbols and what kind of market they trade on, which decides when it is open (schemas.sessions) and how its bars are built."""

import re
from collections.abc import Mapping
from typing import Literal

AssetClass = Literal["crypto", "equity", "fx", "index"]
INDEX_PREFIX = "I."
SYMBOL = re.compile(r"[A-Z0-9.]{1,20}(-[A-Z0-9]{1,20})?")
"""Of a whole canonical symbol, whoever the provider is: AAPL, BRK.B, EUR-USD, BTC-USDT, I.SPX."""

# ISO 4217, national currencies in use: funds codes, metals and test codes are none.
FIAT = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNH CNY COP CRC CUP CVE
    CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS
    KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB
    PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS
    UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905  # 150 quoted names would fill a page
)


def asset_class_of(symbol: str, overrides: Mapping[str, AssetClass] | None = None) -> AssetClass:
    """`EUR-USD` (both legs fiat) is fx, `BTC-USD` (a pair with another leg) crypto, `I.SPX` index, `AAPL` (no pair) equity. overrides: by symbol, they win."""
    if overrides and symbol in overrides:
        return overrides[symbol]
    base, dash, quote = symbol.partition("-")
    if not dash:
        return "index" if symbol.startswith(INDEX_PREFIX) else "equity"
    return "fx" if base in FIAT and quote in FIAT else "crypto"
