"""Which bars the trades of a symbol cannot prove: those of markets with sessions, from quotes, or built by a venue. Rules of the audit's own."""

from collections.abc import Mapping

from tickerplant.verify.parameters import Parameters
from tickerplant.verify.store import Series

_SESSION_BARS = ("1d", "2d", "1w", "1M")
# The currencies of ISO 4217.
_CURRENCIES = (
    "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCLPCNHCNYCOPCRCCUPCVECZKDJFDKKDOPDZDEGPERNETBEURFJDFKP"
    "GBPGELGHSGIPGMDGNFGTQGYDHKDHNLHRKHTGHUFIDRILSINRIQDIRRISKJMDJODJPYKESKGSKHRKMFKPWKRWKWDKYDKZTLAKLBPLKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVR"
    "MWKMXNMYRMZNNADNGNNIONOKNPRNZDOMRPABPENPGKPHPPKRPLNPYGQARRONRSDRUBRWFSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTNDTOPTRYTTDTWDTZS"
    "UAHUGXUSDUYUUZSVESVNDVUVWSTXAFXCDXOFXPFYERZARZMWZWG"
)
_FIAT = {_CURRENCIES[at : at + 3] for at in range(0, len(_CURRENCIES), 3)}


def market_of(symbol: str, told: Mapping[str, str]) -> str:
    """`equity`, `index`, `fx` or `crypto`: as told, else by the form of the name."""
    legs = symbol.split("-", 1)
    single = "index" if symbol.startswith("I.") else "equity"
    by_name = single if len(legs) == 1 else "fx" if set(legs) <= _FIAT else "crypto"
    return told.get(symbol, by_name)


def unaudited(series: Series, timeframe: str, parameters: Parameters) -> str:
    """Why the bars of a timeframe are not compared with the trades; empty if they are."""
    market = market_of(series.symbol, parameters.asset_classes)
    if series.source in parameters.provider_bars:
        return "bars not compared: the venue built them"
    if market in parameters.quote_bars:
        return "bars not compared: they are built from quotes"
    if market != "crypto" and timeframe in _SESSION_BARS:
        return "bars not compared: their days are sessions of the market"
    return ""


def has_synthetic(symbol: str, parameters: Parameters) -> bool:
    """True if intervals without trades have bars."""
    return bool({symbol, "*"} & set(parameters.synthetic_bars))
