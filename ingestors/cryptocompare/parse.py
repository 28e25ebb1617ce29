"""CryptoCompare's bytes to rows, or to what is wrong with them. Pure."""

import msgspec

from ingestors.cryptocompare.wire import History, Status
from ingestors.numbers import SECOND_NS
from ingestors.parsing import number_text
from ingestors.polling.answers import decoder
from ingestors.polling.rows import Row
from ingestors.rest import Trouble

_decode = decoder(History)
_decode_status = msgspec.json.Decoder(Status).decode
_LIMIT, _NO_MARKET = 99, 2
_MINUTE_S, _DAY_S = 60.0, 3_600.0  # a day's calls are looked at again each hour


def rows(body: bytes) -> list[Row]:
    """Raises InvalidRecord, or one of parsing.REFUSED. Time before a coin's first trade is rows of zeros: none."""
    answer: History = _decode(body)
    found = []
    for bar in answer.Data.Data:
        opens, high, low, close, base, quote = (
            number_text(number) for number in (bar.open, bar.high, bar.low, bar.close, bar.volumefrom, bar.volumeto)
        )
        if close not in ("0", "0.0"):
            found.append(Row(bar.time * SECOND_NS, opens, high, low, close, base, quote))
    return found


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors have status 200."""
    try:
        said = _decode_status(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if said.Response != "Error":
        return None
    if said.Type == _LIMIT or "rate limit" in said.Message:
        return Trouble("limited", said.Message, _DAY_S if "day" in said.Message or "month" in said.Message else _MINUTE_S)
    return Trouble("unlisted" if said.Type == _NO_MARKET else "refused", said.Message)
