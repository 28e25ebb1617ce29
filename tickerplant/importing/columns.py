"""Which column of a file is what: told by the user, else guessed from the names that vendors use."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from runtime.errors import UserError

Kind = Literal["trades", "quotes", "bars"]
DATE_AND_TIME = "+"  # `time=Date+Time`: two columns, read with a space between

# Our names, and what others call the same; compared without case, spaces and punctuation.
NAMES: dict[str, tuple[str, ...]] = {
    "time": ("timestamp", "datetime", "date", "ts", "tseventns", "eventtime", "opentime", "tradetime", "transacttime", "tsopenns"),
    "symbol": ("ticker", "instrument", "pair", "ric", "code"),
    "source": ("venue", "exchange", "provider"),
    "timeframe": ("interval", "resolution", "barsize"),
    "price": ("px", "last", "lastprice", "tradeprice"),
    "size": ("qty", "quantity", "amount", "volume", "lastsize", "tradesize"),
    "side": ("takerside", "aggressor", "direction"),
    "buyer_maker": ("isbuyermaker",),
    "trade_id": ("tradeid", "id", "tid", "execid", "sequence"),
    "bid": ("bidprice", "bidpx", "bestbid"),
    "bid_size": ("bidqty", "bidvolume", "bidamount"),
    "ask": ("askprice", "askpx", "bestask", "offer", "offerprice"),
    "ask_size": ("askqty", "askvolume", "askamount", "offersize"),
    "update_id": ("updateid",),
    "ingest_time": ("tsingestns", "receivetime", "localtimestamp"),
    "open": ("o", "openprice"),
    "high": ("h", "highprice"),
    "low": ("l", "lowprice"),
    "close": ("c", "closeprice"),
    "volume": ("v", "vol", "basevolume"),
    "quote_volume": ("quotevolume", "quoteassetvolume", "turnover"),
    "vwap": ("vw", "average"),
    "trade_count": ("tradecount", "trades", "numberoftrades", "count"),
    "dividend": ("dividends",),
    "split": ("stocksplits", "splits"),
    "adjusted_close": ("adjclose", "adjustedclose"),
    "known_at": ("knownatns",),
}
REQUIRED: dict[Kind, tuple[str, ...]] = {
    "trades": ("time", "price", "size"),
    "quotes": ("time", "bid", "ask"),
    "bars": ("time", "open", "high", "low", "close"),
}
_BOTH = ("symbol", "source")
ROLES: dict[Kind, tuple[str, ...]] = {
    "trades": (*REQUIRED["trades"], *_BOTH, "side", "buyer_maker", "trade_id", "ingest_time"),
    "quotes": (*REQUIRED["quotes"], *_BOTH, "bid_size", "ask_size", "update_id", "ingest_time"),
    "bars": (
        *REQUIRED["bars"],
        *_BOTH,
        *("timeframe", "volume", "quote_volume", "vwap", "trade_count", "dividend", "split", "adjusted_close", "known_at"),
    ),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """names: of the file's columns by role, two for a time that is in two; guessed: roles that nobody told."""

    kind: Kind
    names: Mapping[str, tuple[str, ...]]
    guessed: tuple[str, ...]

    def wanted(self) -> frozenset[str]:
        """Names of the file's columns that are read."""
        return frozenset(name for names in self.names.values() for name in names)

    def positions(self, header: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Where they are in a file with this header. Raises UserError if one is missing: all files of an import have the same columns."""
        missing = [name for names in self.names.values() for name in names if name not in header]
        if missing:
            raise UserError(f"there is no column {missing[0]}; the columns are {', '.join(header)}")
        return {role: tuple(header.index(name) for name in names) for role, names in self.names.items()}

    def told(self) -> str:
        """`time=Date (guessed), price=px`."""
        texts = (f"{role}={DATE_AND_TIME.join(names)}{' (guessed)' if role in self.guessed else ''}" for role, names in self.names.items())
        return ", ".join(texts)


def columns_of(header: Sequence[str], told: Mapping[str, str], kind: Kind | None) -> Columns:
    """told: column by role, as `price=px`; the other roles are guessed. Raises UserError with what to write."""
    unknown = sorted(set(told) - set(NAMES))
    if unknown:
        raise UserError(f"--map {unknown[0]}={told[unknown[0]]}: there is no {unknown[0]}; there are {', '.join(NAMES)}")
    names = {role: tuple(name.split(DATE_AND_TIME)) if name not in header else (name,) for role, name in told.items()}
    taken = {name for parts in names.values() for name in parts}
    guessed = {role: (name,) for role in NAMES if role not in names and (name := _guess(role, header, taken))}
    found = kind or _kind_of({*names, *guessed}, header)
    chosen = {role: names.get(role) or guessed[role] for role in ROLES[found] if role in names or role in guessed}
    missing = [role for role in REQUIRED[found] if role not in chosen]
    if missing:
        raise UserError(f"which column is the {missing[0]}? Write --map {missing[0]}=NAME; the columns are {', '.join(header)}")
    columns = Columns(found, chosen, tuple(role for role in chosen if role in guessed))
    columns.positions(header)
    return columns


def _guess(role: str, header: Sequence[str], taken: set[str]) -> str | None:
    """The first column by our name, then by others' names in their order."""
    plain = {_plain(name): name for name in reversed(header) if name not in taken}
    return next((plain[alias] for alias in (_plain(role), *NAMES[role]) if alias in plain), None)


def _kind_of(roles: set[str], header: Sequence[str]) -> Kind:
    for kind in ("bars", "quotes", "trades"):
        if roles.issuperset(set(REQUIRED[kind]) - {"time"}):
            return kind
    raise UserError(
        f"neither trades (price, size) nor quotes (bid, ask) nor bars (open, high, low, close) are found among the columns {', '.join(header)};"
        " name them with --map price=NAME, or with --columns where the file has no header"
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
