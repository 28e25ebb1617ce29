"""Rows of providers as bars: one interval, one set of numbers, whoever sent it. Pure."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ingestors.numbers import SECOND_NS
from schemas.bars import ProviderActions, ProviderBar
from schemas.sessions import bar_interval, calendar_of
from schemas.symbols import asset_class_of
from schemas.timeframes import DAY_NS, FIXED_NS, Timeframe, interval_of

_EXACT = Context(prec=80)
_SEVEN = Context(prec=7, rounding=ROUND_HALF_EVEN)
_VWAP_STEP = Decimal(1).scaleb(-10)


class Row(NamedTuple):
    """at_ns: the start of the interval; of a day or more any instant of it, or midnight UTC of its date. Numbers are decimal text; "" : not told."""

    at_ns: int
    open: str
    high: str
    low: str
    close: str
    volume: str = ""
    quote_volume: str = ""
    vwap: str = ""
    trade_count: int = 0
    actions: ProviderActions | None = None


class Series(NamedTuple):
    """Whose bars they are."""

    symbol: str
    source: str
    timeframe: Timeframe


def bars_of(rows: Iterable[Row], series: Series, known_at_ns: int) -> list[ProviderBar]:
    """In the rows' order. known_at_ns: when the answer came."""
    return [_bar(row, series, known_at_ns) for row in rows]


def _bar(row: Row, series: Series, known_at_ns: int) -> ProviderBar:
    opens_ns, closes_ns = interval(series.symbol, series.timeframe, row.at_ns)
    volume = row.volume or "0"
    quote_volume, vwap = _means(row, volume)
    return ProviderBar(
        symbol=series.symbol,
        source=series.source,
        timeframe=series.timeframe.value,
        ts_open_ns=opens_ns,
        ts_close_ns=closes_ns,
        open=row.open,
        high=row.high,
        low=row.low,
        close=row.close,
        volume=volume,
        quote_volume=quote_volume,
        vwap=vwap,
        trade_count=row.trade_count,
        kind="provider",
        revision=0,
        quality=1.0,
        reasons=(),
        known_at_ns=known_at_ns,
        actions=row.actions,
    )


def interval(symbol: str, timeframe: Timeframe, at_ns: int) -> tuple[int, int]:
    """Below a day UTC's; from a day on the market's calendar's. A day on which our calendar is closed keeps UTC's hours: it is another exchange's."""
    plain = interval_of(timeframe, at_ns)
    if FIXED_NS.get(timeframe, DAY_NS) < DAY_NS:
        return plain
    calendar = calendar_of(asset_class_of(symbol))
    opens_ns = calendar.next_open_ns(at_ns)
    if opens_ns is None or opens_ns >= max(at_ns + DAY_NS, plain[1]):
        return plain
    return bar_interval(calendar, timeframe, opens_ns) or plain


def _means(row: Row, volume: str) -> tuple[str, str]:
    """(quote_volume, vwap): one of them from the other where the provider gives only that; it gives neither: 0 and the close."""
    if row.quote_volume and row.vwap:
        return row.quote_volume, row.vwap
    try:
        traded = Decimal(volume)
        if row.vwap:
            return _text(round(_EXACT.multiply(Decimal(row.vwap), traded), 20)), row.vwap
        if row.quote_volume and traded:
            mean = _EXACT.divide(Decimal(row.quote_volume), traded)
            return row.quote_volume, _text(mean.quantize(_VWAP_STEP, ROUND_HALF_EVEN, _EXACT))
    except InvalidOperation:
        pass  # what is no number is refused by name where bars are checked
    return row.quote_volume or "0", row.vwap or row.close


def _text(number: Decimal) -> str:
    return format(number.normalize(_EXACT), "f")


def single_precision(text: str) -> str:
    """`187.6999969482422` to `187.7`: numbers that a provider kept in 32 bits have seven digits, the rest is noise."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite() or len(number.as_tuple().digits) <= 9:
        return text
    return _text(_SEVEN.plus(number))


def day_ns(text: str) -> int:
    """`2024-01-02`, and what may follow it, to midnight UTC. Raises ValueError."""
    return (date.fromisoformat(text[:10]) - date(1970, 1, 1)).days * DAY_NS


def local_ns(text: str, zone: ZoneInfo) -> int:
    """`2024-01-02 15:59:00` of a place's clock, or a date alone, to ns. An hour that comes twice is the first one. Raises ValueError."""
    if len(text) == 10:
        return day_ns(text)
    return int(datetime.fromisoformat(text[:19]).replace(tzinfo=zone).timestamp()) * SECOND_NS


def offset_ns(text: str) -> int:
    """`2019-05-01T00:00:00+00:00` or with `Z`, up to microseconds, to ns. Raises ValueError."""
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(f"not a time with its zone: {text[:40]!r}")
    since = when - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * SECOND_NS + since.microseconds * 1_000


@lru_cache(64)
def zone_of(name: str) -> ZoneInfo:
    """Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (LookupError, OSError) as error:
        raise ValueError(f"no time zone {name[:40]!r}") from error


def date_of(at_ns: int) -> str:
    """`2024-01-02`, UTC's."""
    return datetime.fromtimestamp(at_ns // SECOND_NS, UTC).strftime("%Y-%m-%d")


def minute_of(at_ns: int, zone: ZoneInfo | None = None) -> str:
    """`2024-01-02 15:59:00` of a place's clock, else UTC's."""
    return datetime.fromtimestamp(at_ns // SECOND_NS, zone or UTC).strftime("%Y-%m-%d %H:%M:%S")
