"""CoinGecko's bytes to rows and quotes, or to what is wrong with them. Pure."""

from collections.abc import Mapping

import msgspec

from ingestors.coingecko.wire import Candle, ErrorBody, Prices
from ingestors.numbers import MS_NS, SECOND_NS
from ingestors.parsing import integer, number_text, unknown
from ingestors.polling.answers import decoder
from ingestors.polling.rows import Row
from ingestors.rest import Trouble
from schemas.ticks import Quote
from schemas.timeframes import FIXED_NS, Timeframe

_decode_candles = decoder(list[Candle])
_decode_prices = decoder(Prices)
_decode_error = msgspec.json.Decoder(ErrorBody).decode
_MINUTE_S = 60.0


def rows(body: bytes, timeframe: Timeframe) -> list[Row]:
    """Candles that end where an interval ends; the newest one ends now, and is none. Raises InvalidRecord, or one of parsing.REFUSED."""
    length_ns, found = FIXED_NS[timeframe], []
    for time_ms, *numbers in _decode_candles(body):
        if time_ms * MS_NS % length_ns == 0:
            opens, high, low, close = (number_text(number) for number in numbers)
            found.append(Row(time_ms * MS_NS - length_ns, opens, high, low, close))
    return found


def quotes(body: bytes, symbols: Mapping[str, tuple[str, str]], now_ns: int) -> list[Quote]:
    """An index has one price: it is bid and ask. symbols: canonical to (coin, currency). Raises as `rows`."""
    prices: Prices = _decode_prices(body)
    if prices and not any(coin in prices for coin, _ in symbols.values()):
        raise unknown(f"no price of a coin that was asked for, but {sorted(prices)[:3]}")
    found = []
    for symbol, (coin, currency) in symbols.items():
        told = prices.get(coin, {})
        if told.get(currency) is not None and told.get("last_updated_at") is not None:
            price, at_ns = number_text(told[currency]), integer(told["last_updated_at"]) * SECOND_NS
            found.append(Quote(symbol, price, "0", price, "0", at_ns, now_ns, at_ns))
    return found


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are a status inside the body, beside HTTP's, and at times alone."""
    try:
        said = _decode_error(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    code, text = (said.status.error_code, said.status.error_message) if said.status else (0, "")
    if code == 429:
        return Trouble("limited", text, _MINUTE_S)
    if code:
        return Trouble("refused", f"{code} {text}")
    if isinstance(said.error, str) and status != 200:
        return Trouble("unlisted" if status == 404 else "refused", said.error)
    return None
