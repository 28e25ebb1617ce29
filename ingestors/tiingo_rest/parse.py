"""Tiingo's bytes to rows and quotes, or to what is wrong with them. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from ingestors.parsing import number_text
from ingestors.polling.answers import decoder
from ingestors.polling.rows import Row, day_ns, offset_ns
from ingestors.rest import Trouble
from ingestors.tiingo_rest.wire import Bar, Day, ErrorBody, Pair, PairTop, Top
from schemas.bars import ProviderActions
from schemas.ticks import Quote

_decode_days = decoder(list[Day])
_decode_bars = decoder(list[Bar])
_decode_pairs = decoder(list[Pair])
_decode_tops = decoder(list[Top])
_decode_pair_tops = decoder(list[PairTop])
_decode_error = msgspec.json.Decoder(ErrorBody).decode
_HOUR_S = 600.0  # of an hour's or a day's calls: it does not say which
_NONE = ("0", "0.0")


def day_rows(body: bytes) -> list[Row]:
    """Of /tiingo/daily. Raises InvalidRecord, or one of parsing.REFUSED; so do all here."""
    return [_day(day) for day in _decode_days(body)]


def bar_rows(body: bytes) -> list[Row]:
    """Of /iex and /tiingo/fx."""
    return [_bar(bar) for bar in _decode_bars(body)]


def pair_rows(body: bytes, name: str) -> list[Row]:
    """Of /tiingo/crypto/prices, which may hold several pairs."""
    return [_bar(bar) for pair in _decode_pairs(body) if pair.ticker == name for bar in pair.priceData]


def quotes(body: bytes, symbols: Mapping[str, str], now_ns: int) -> list[Quote]:
    """Of /iex and /tiingo/fx/top. symbols: by Tiingo's names."""
    return _quotes(((top.ticker, top) for top in _decode_tops(body)), symbols, now_ns)


def pair_quotes(body: bytes, symbols: Mapping[str, str], now_ns: int) -> list[Quote]:
    """Of /tiingo/crypto/top: the best of all exchanges, so it may be crossed."""
    return _quotes(((pair.ticker, top) for pair in _decode_pair_tops(body) for top in pair.topOfBookData[:1]), symbols, now_ns)


def _quotes(tops: Iterable[tuple[str, Top]], symbols: Mapping[str, str], now_ns: int) -> list[Quote]:
    found = []
    for name, top in tops:
        symbol = symbols.get(name.lower())
        if symbol and top.quoteTimestamp and top.bidPrice is not None and top.askPrice is not None:
            at_ns = offset_ns(top.quoteTimestamp)
            bid_size, ask_size = (number_text(size) if size is not None else "0" for size in (top.bidSize, top.askSize))
            found.append(Quote(symbol, number_text(top.bidPrice), bid_size, number_text(top.askPrice), ask_size, at_ns, now_ns, at_ns))
    return found


def _day(day: Day) -> Row:
    at_ns, split, dividend = day_ns(day.date), number_text(day.splitFactor), number_text(day.divCash)
    splits = ((at_ns, split),) if split not in ("1", "1.0") else ()
    paid = "" if dividend in _NONE else dividend
    actions = ProviderActions(splits, False, paid) if splits or paid else None
    return _prices(day, at_ns)._replace(actions=actions)


def _bar(bar: Bar) -> Row:
    notional, trades = number_text(bar.volumeNotional), number_text(bar.tradesDone)
    return _prices(bar, offset_ns(bar.date))._replace(
        quote_volume="" if notional in _NONE else notional, trade_count=int(trades.partition(".")[0])
    )


def _prices(row: Day | Bar, at_ns: int) -> Row:
    opens, high, low, close, volume = (number_text(number) for number in (row.open, row.high, row.low, row.close, row.volume))
    return Row(at_ns, opens, high, low, close, volume)


def judge(status: int, body: bytes) -> Trouble | None:
    """Errors are {"detail": ...} beside the status; limits are plain text, whatever the status is."""
    if body[:60].startswith((b"Error: You have run over", b'"Error: You have run over')):
        return Trouble("limited", "the hour's or the day's calls are used up", _HOUR_S)
    try:
        detail = _decode_error(body).detail
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not detail:
        return None
    return Trouble("unlisted" if status == 404 or "not found" in detail.lower() else "refused", detail)
