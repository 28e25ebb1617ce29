"""Yahoo's bytes to rows, or to what is wrong with them. Pure."""

from datetime import datetime
from decimal import Context, Decimal
from zoneinfo import ZoneInfo

import msgspec

from ingestors.numbers import SECOND_NS
from ingestors.parsing import number_text, unknown
from ingestors.polling.answers import decoder
from ingestors.polling.rows import Row, day_ns, single_precision, zone_of
from ingestors.rest import Trouble
from ingestors.yahoo.wire import ChartAnswer, ChartResult, Columns
from schemas.bars import ProviderActions

_decode = decoder(ChartAnswer)
_decode_error = msgspec.json.Decoder(ChartAnswer).decode
_RATIO = Context(prec=12)


def rows(body: bytes, interval: str) -> list[Row]:
    """interval: what was asked for. Raises InvalidRecord, or one of parsing.REFUSED."""
    answer: ChartAnswer = _decode(body)
    if not answer.chart.result:
        raise unknown("a chart without a result")
    result = answer.chart.result[0]
    if result.meta.dataGranularity not in ("", interval):
        raise unknown(f"bars of {result.meta.dataGranularity} where {interval} was asked for")
    columns = result.indicators.quote[0] if result.indicators.quote else Columns()
    of_days = interval == "1d"
    zone = zone_of(result.meta.exchangeTimezoneName)
    known = {}
    for at, stamp in enumerate(result.timestamp):
        prices = [column[at] for column in (columns.open, columns.high, columns.low, columns.close)]
        if None in prices:
            continue  # nothing was traded
        at_ns = _date_ns(stamp, zone) if of_days else stamp * SECOND_NS
        opens, high, low, close = (single_precision(number_text(price)) for price in prices)
        volume = columns.volume[at] if at < len(columns.volume) and columns.volume[at] is not None else 0
        known[at_ns] = Row(at_ns, opens, high, low, close, number_text(volume))  # of a day that stands twice the later row is the live one
    return _with_actions(known, result, zone) if of_days else list(known.values())


def _with_actions(known: dict[int, Row], result: ChartResult, zone: ZoneInfo) -> list[Row]:
    """Prices are adjusted for splits; dividends are in the adjusted close alone."""
    adjusted = result.indicators.adjclose[0].adjclose if result.indicators.adjclose else []
    closes = {_date_ns(stamp, zone): close for stamp, close in zip(result.timestamp, adjusted, strict=False) if close is not None}
    dividends = {_date_ns(one.date, zone): single_precision(number_text(one.amount)) for one in result.events.dividends.values()}
    splits = {
        _date_ns(one.date, zone): _ratio(number_text(one.numerator), number_text(one.denominator)) for one in result.events.splits.values()
    }
    said = []
    for at_ns, row in known.items():
        split = ((at_ns, splits[at_ns]),) if at_ns in splits else ()
        close = single_precision(number_text(closes[at_ns])) if at_ns in closes else ""
        dividend = dividends.get(at_ns, "")
        said.append(row._replace(actions=ProviderActions(split, True, dividend, close) if split or dividend or close else None))
    return said


def _ratio(new: str, old: str) -> str:
    return format(_RATIO.divide(Decimal(new), Decimal(old)).normalize(), "f")


def _date_ns(stamp: int, zone: ZoneInfo) -> int:
    """A day is stamped with its session's opening, or an hour beside it: only the exchange's date of it means anything."""
    return day_ns(datetime.fromtimestamp(stamp, zone).strftime("%Y-%m-%d"))


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors come in the body's own form beside the status; limits as 429 and plain text, also with status 200."""
    if body[:40].lower().startswith(b"too many requests"):
        return Trouble("limited", "Too Many Requests", 60.0)
    if status == 200:
        return None
    try:
        error = _decode_error(body).chart.error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if error is None:
        return None
    said = f"{error.code}: {error.description}"
    return Trouble("unlisted" if status == 404 else "refused", said)
