"""CurrencyLayer's bytes to quotes and rows, or to what is wrong with them. Pure."""

from collections.abc import Iterable
from decimal import Context, Decimal, InvalidOperation

import msgspec

from ingestors.currencylayer.config import BASE
from ingestors.currencylayer.wire import Frame, Live, Rates, Status
from ingestors.numbers import SECOND_NS
from ingestors.parsing import number_text, unknown
from ingestors.polling.answers import decoder
from ingestors.polling.rows import Row, day_ns
from ingestors.rest import Trouble
from schemas.ticks import Quote

_decode_live = decoder(Live)
_decode_frame = decoder(Frame)
_decode_status = msgspec.json.Decoder(Status).decode
_RATE = Context(prec=10)  # a reciprocal has no more digits than what it is of
_NO_RESULT = 106
_WRONG_CURRENCY = (201, 202)
_LIMIT, _LIMIT_WAIT_S = 104, 3_600.0  # the month's calls


def quotes(body: bytes, symbols: Iterable[str], now_ns: int) -> list[Quote]:
    """Midpoints: bid and ask are the same. Raises InvalidRecord, or one of parsing.REFUSED."""
    answer: Live = _decode_live(body)
    if answer.source != BASE:
        raise unknown(f"rates against {answer.source}")
    at_ns = answer.timestamp * SECOND_NS
    rates = {symbol: rate_of(symbol, answer.quotes) for symbol in symbols}
    return [Quote(symbol, rate, "0", rate, "0", at_ns, now_ns, at_ns) for symbol, rate in rates.items() if rate]


def rows(body: bytes, symbol: str) -> list[Row]:
    """One rate a day, which is all four prices of its bar. Raises as `quotes`."""
    if _has_no_result(body):
        return []
    answer: Frame = _decode_frame(body)
    rates = {day_ns(date): rate_of(symbol, rates) for date, rates in answer.quotes.items()}
    return [Row(at_ns, rate, rate, rate, rate) for at_ns, rate in rates.items() if rate]


def rate_of(symbol: str, rates: Rates) -> str:
    """How much of the quote one of the base is: a rate as it came, its reciprocal, or one over the other. "" where one is missing. Raises ValueError."""
    base, _, quote = symbol.partition("-")
    texts = [number_text(rates[BASE + code]) if BASE + code in rates else "" for code in (base, quote)]
    if base == BASE:
        return texts[1]
    if not texts[0] or (quote != BASE and not texts[1]):
        return ""
    try:
        value = _RATE.divide(Decimal(1 if quote == BASE else texts[1]), Decimal(texts[0]))
    except InvalidOperation as error:
        raise ValueError(f"rates that cannot be divided: {texts}") from error
    return format(value.normalize(_RATE), "f")


def _has_no_result(body: bytes) -> bool:
    failure = _failure(body)
    return failure is not None and failure[0] == _NO_RESULT


def _failure(body: bytes) -> tuple[int, str] | None:
    try:
        said = _decode_status(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return None if said.success or said.error is None else (said.error.code, said.error.info)


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"success": false, "error": {"code", "info"}} with status 200."""
    failure = _failure(body)
    if failure is None or failure[0] == _NO_RESULT:
        return None
    code, info = failure
    if code == _LIMIT:
        return Trouble("limited", info, _LIMIT_WAIT_S)
    return Trouble("unlisted" if code in _WRONG_CURRENCY else "refused", f"{code} {info}")
