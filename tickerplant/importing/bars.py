"""Rows as bars of a provider."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal

from processors.forms import is_number
from schemas.bars import ProviderActions, ProviderBar
from schemas.sessions import bar_interval, calendar_of
from schemas.symbols import asset_class_of
from schemas.timeframes import DAY_NS, FIXED_NS, Timeframe, interval_of
from tickerplant.importing.recipe import Recipe, cell
from tickerplant.importing.ticks import Event, MakeEvent, number_of, present, time_ns

_EXACT = Context(prec=80)
_VWAP_STEP = Decimal(1).scaleb(-10)
_ROLES = (
    *("time", "symbol", "source", "timeframe", "open", "high", "low", "close", "volume", "quote_volume", "vwap", "trade_count"),
    *("dividend", "split", "adjusted_close", "known_at"),
)


def bars(recipe: Recipe, positions: Mapping[str, tuple[int, ...]]) -> MakeEvent:
    """A function of one row; it raises InvalidRecord or IndexError (a row that is too short). A row's split takes effect at its own bar."""
    cells = {role: cell(positions, role) for role in _ROLES}
    times = recipe.times()

    def make(row: Sequence[str]) -> Event:
        text = {role: read(row) for role, read in cells.items()}
        bar = _bar(recipe, text, time_ns(times.read, text["time"]))
        if text["known_at"]:
            bar.known_at_ns = time_ns(times.read, text["known_at"])
        # Its end decides when it comes: an hour's bar after the minutes in it, as a live line has them.
        return Event(bar.ts_close_ns, bar.source, None, bar)

    return make


def _bar(recipe: Recipe, text: Mapping[str, str], at_ns: int) -> ProviderBar:
    symbol, timeframe = recipe.symbol_of(text["symbol"]), recipe.timeframe_of(text["timeframe"])
    ts_open_ns, ts_close_ns = _interval(recipe, symbol, timeframe, at_ns)
    prices = {name: recipe.price(present(name, text[name])) for name in ("open", "high", "low", "close")}
    volume = recipe.size(text["volume"] or "0")
    quote_volume, vwap = _means(recipe, text, volume, prices["close"])
    return ProviderBar(
        open=prices["open"],
        high=prices["high"],
        low=prices["low"],
        close=prices["close"],
        symbol=symbol,
        source=recipe.source_of(text["source"]),
        timeframe=timeframe.value,
        ts_open_ns=ts_open_ns,
        ts_close_ns=ts_close_ns,
        volume=volume,
        quote_volume=quote_volume,
        vwap=vwap,
        trade_count=max(number_of(text["trade_count"]), 0),
        kind="provider",
        revision=0,
        quality=1.0,
        reasons=(),
        known_at_ns=ts_close_ns if recipe.options.known_at_ns is None else recipe.options.known_at_ns,
        primary=False,
        actions=_actions(recipe, text, ts_open_ns),
    )


def _interval(recipe: Recipe, symbol: str, timeframe: Timeframe, at_ns: int) -> tuple[int, int]:
    """Below a day as the file has it. From a day on the calendar's: a file writes midnight, or noon, or the close, for a day of the exchange.

    A day on which our calendar is closed keeps UTC's hours: another exchange's holidays are not ours.
    """
    length_ns = FIXED_NS.get(timeframe, 0)
    ends = recipe.options.bars_end
    if 0 < length_ns < DAY_NS:
        return (at_ns - length_ns, at_ns) if ends else (at_ns, at_ns + length_ns)
    at_ns -= ends
    calendar = calendar_of(asset_class_of(symbol, recipe.options.asset_classes))
    opens_ns, plain = calendar.next_open_ns(at_ns), interval_of(timeframe, at_ns)
    if opens_ns is None or opens_ns >= max(at_ns + DAY_NS, plain[1]):
        return plain
    return bar_interval(calendar, timeframe, opens_ns) or plain


def _means(recipe: Recipe, text: Mapping[str, str], volume: str, close: str) -> tuple[str, str]:
    """(quote_volume, vwap); each from the other where the file has one. It has neither: 0 and the close, as where nothing was traded."""
    given, mean = recipe.size(text["quote_volume"]), recipe.price(text["vwap"])
    if given or not mean:
        return given or "0", mean or _mean(given, volume, close)
    return (_product(mean, volume) if is_number(mean) and is_number(volume) else "0"), mean


def _mean(quote_volume: str, volume: str, close: str) -> str:
    if not (is_number(quote_volume) and is_number(volume) and Decimal(volume) and Decimal(quote_volume)):
        return close
    mean = _EXACT.divide(Decimal(quote_volume), Decimal(volume)).quantize(_VWAP_STEP, ROUND_HALF_EVEN, _EXACT)
    return format(mean.normalize(_EXACT), "f")


def _product(vwap: str, volume: str) -> str:
    """Cut to what a number on the wire may have."""
    product = _EXACT.multiply(Decimal(vwap), Decimal(volume))
    return format(round(product, 20).normalize(_EXACT), "f")


def _actions(recipe: Recipe, text: Mapping[str, str], ts_open_ns: int) -> ProviderActions | None:
    dividend, split = recipe.price(text["dividend"]), recipe.price(text["split"])
    adjusted = recipe.price(text["adjusted_close"])
    splits = ((ts_open_ns, split),) if is_number(split) and Decimal(split) not in (0, 1) else ()
    dividend = dividend if is_number(dividend) and Decimal(dividend) else ""
    return ProviderActions(splits, True, dividend, adjusted) if splits or dividend or adjusted else None
