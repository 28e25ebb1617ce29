"""FMP's bytes to rows, or to what is wrong with them. Pure."""

from zoneinfo import ZoneInfo

from ingestors.fmp.wire import Bar
from ingestors.parsing import number_text
from ingestors.polling.answers import decoder
from ingestors.polling.rows import Row, local_ns
from ingestors.rest import Trouble

_decode = decoder(list[Bar])
_NOTHING = (b"[]", b"{}", b"")
_LIMIT_WAIT_S = 600.0  # the plan's day, or its minute: it does not say which


def rows(body: bytes, zone: ZoneInfo) -> list[Row]:
    """Raises InvalidRecord, or one of parsing.REFUSED."""
    if body.strip() in _NOTHING:
        return []
    return [_row(bar, zone) for bar in _decode(body)]


def _row(bar: Bar, zone: ZoneInfo) -> Row:
    prices = (number_text(price) for price in (bar.open, bar.high, bar.low, bar.close))
    opens, high, low, close = prices
    volume = number_text(bar.volume) if bar.volume is not None else ""
    return Row(local_ns(bar.date, zone), opens, high, low, close, volume, vwap=number_text(bar.vwap) if bar.vwap is not None else "")


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"Error Message": ...}, also with status 200, or plain text."""
    text = body[:300].decode(errors="replace").strip()
    if "Limit Reach" in text:
        return Trouble("limited", "Limit Reach", _LIMIT_WAIT_S)
    if "Error Message" in text or text.startswith(("Premium", "Restricted")):
        return Trouble("refused", text)
    return None
