"""Alpha Vantage's bytes to rows and quotes, or to what is wrong with them. Pure."""

import re

import msgspec

from ingestors.alpha_vantage.wire import Failure, Series, Texts, named
from ingestors.numbers import plain
from ingestors.parsing import unknown
from ingestors.polling.rows import Row, local_ns, zone_of
from ingestors.rest import Trouble
from schemas.ticks import Quote

META = "Meta Data"
RATE = "Realtime Currency Exchange Rate"
_KEY = re.compile(r"(?i)(API key as )\S+")
_MINUTE_S, _DAY_S = 60.0, 3_600.0  # a day's calls are looked at again each hour
_decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_texts = msgspec.json.Decoder(Texts).decode
_decode_series = msgspec.json.Decoder(Series).decode
_decode_failure = msgspec.json.Decoder(Failure).decode


def rows(body: bytes, shift_ns: int) -> list[Row]:
    """shift_ns: how long before its label a bar begins. Raises InvalidRecord, or one of parsing.REFUSED."""
    parts: dict[str, msgspec.Raw] = _decode(body)
    name = next((key for key in parts if key != META and key.startswith("Time Series")), None)
    if name is None or META not in parts:
        raise unknown(f"neither a series nor what it is of, but {sorted(parts)[:3]}")
    zone = zone_of(named(_decode_texts(parts[META])).get("Time Zone", "US/Eastern"))
    return [
        _row(local_ns(label, zone) - (shift_ns if len(label) > 10 else 0), named(row)) for label, row in _decode_series(parts[name]).items()
    ]


def _row(at_ns: int, row: Texts) -> Row:
    prices = (plain(row[name]) for name in ("open", "high", "low", "close"))
    opens, high, low, close = prices
    return Row(at_ns, opens, high, low, close, plain(row.get("volume", "0")))


def rate(body: bytes, symbol: str, now_ns: int) -> Quote:
    """The newest rate. Without bid and ask, as of crypto, both are the rate. Raises as `rows`."""
    parts: dict[str, msgspec.Raw] = _decode(body)
    if RATE not in parts:
        raise unknown(f"no rate, but {sorted(parts)[:3]}")
    told = named(_decode_texts(parts[RATE]))
    at_ns = local_ns(told["Last Refreshed"], zone_of(told.get("Time Zone", "UTC")))
    bid, ask = (plain(told.get(name) or told["Exchange Rate"]) for name in ("Bid Price", "Ask Price"))
    return Quote(symbol, bid, "0", ask, "0", at_ns, now_ns, at_ns)


def judge(status: int, body: bytes) -> Trouble | None:
    """All failures come with status 200. The text decides what is meant, and may hold the key."""
    try:
        said = _decode_failure(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    text = _KEY.sub(r"\1***", said.note or said.information)[:300]
    if said.error:
        return Trouble("refused" if "apikey" in said.error else "unlisted", said.error[:200])
    if not text:
        return Trouble("unlisted", "an empty quote") if said.quote == {} else None
    if "premium endpoint" in text:
        return Trouble("refused", text)
    return Trouble("limited", text, _DAY_S if said.information and "per day" in text else _MINUTE_S)
