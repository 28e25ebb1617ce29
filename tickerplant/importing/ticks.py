"""Rows as trades and quotes."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from runtime.errors import InvalidRecord
from schemas.bars import ProviderBar
from schemas.reasons import Reason
from schemas.ticks import Quote, Side, Trade
from tickerplant.importing.recipe import Recipe, cell

UNNUMBERED = -1  # the file gives no number: one is made from the time, see numbering
_SIDES: dict[str, Side] = {"buy": "buy", "b": "buy", "bid": "buy", "sell": "sell", "s": "sell", "ask": "sell", "a": "sell"}
_MAKER: dict[str, Side] = {"true": "sell", "t": "sell", "1": "sell", "false": "buy", "f": "buy", "0": "buy"}


class Event(Struct, array_like=True):
    """at_ns: its place in the order of all. Made again from msgpack while rows are sorted outside memory."""

    at_ns: int
    source: str
    tick: Trade | Quote | None = None
    bar: ProviderBar | None = None


MakeEvent = Callable[[Sequence[str]], Event]


def trades(recipe: Recipe, positions: Mapping[str, tuple[int, ...]]) -> MakeEvent:
    """A function of one row; it raises InvalidRecord or IndexError (a row that is too short)."""
    time, price, size, symbol, source, side, maker, trade_id, ingest = (
        cell(positions, role) for role in ("time", "price", "size", "symbol", "source", "side", "buyer_maker", "trade_id", "ingest_time")
    )
    times = recipe.times()

    def make(row: Sequence[str]) -> Event:
        at_ns = time_ns(times.read, time(row))
        trade = Trade(
            symbol=recipe.symbol_of(symbol(row)),
            price=recipe.price(present("price", price(row))),
            size=recipe.size(present("size", size(row))),
            ts_event_ns=at_ns,
            ts_ingest_ns=time_ns(times.read, text) if (text := ingest(row)) else at_ns,
            trade_id=number_of(trade_id(row)),
            side=_SIDES.get(side(row).strip().lower(), "") or _MAKER.get(maker(row).strip().lower(), ""),
            primary=False,
        )
        return Event(at_ns, recipe.source_of(source(row)), trade)

    return make


def quotes(recipe: Recipe, positions: Mapping[str, tuple[int, ...]]) -> MakeEvent:
    """As `trades`. A side without a size has size 0."""
    time, bid, bid_size, ask, ask_size, symbol, source, update_id, ingest = (
        cell(positions, role) for role in ("time", "bid", "bid_size", "ask", "ask_size", "symbol", "source", "update_id", "ingest_time")
    )
    times = recipe.times()

    def make(row: Sequence[str]) -> Event:
        at_ns = time_ns(times.read, time(row))
        quote = Quote(
            symbol=recipe.symbol_of(symbol(row)),
            bid=recipe.price(present("bid", bid(row))),
            bid_size=recipe.size(bid_size(row) or "0"),
            ask=recipe.price(present("ask", ask(row))),
            ask_size=recipe.size(ask_size(row) or "0"),
            ts_event_ns=at_ns,
            ts_ingest_ns=time_ns(times.read, text) if (text := ingest(row)) else at_ns,
            update_id=number_of(update_id(row)),
            primary=False,
        )
        return Event(at_ns, recipe.source_of(source(row)), quote)

    return make


def time_ns(read: Callable[[str], int], text: str) -> int:
    """Raises InvalidRecord."""
    try:
        return read(present("time", text))
    except (ValueError, OverflowError) as error:
        raise InvalidRecord(Reason.INVALID_FIELD, f"time: {error}") from None


def present(name: str, text: str) -> str:
    """Raises InvalidRecord."""
    if not text or text.isspace():
        raise InvalidRecord(Reason.MISSING_FIELD, f"the row has no {name}")
    return text


def number_of(text: str) -> int:
    """An id that counts. Of a text the line would remember only the newest thousand, too few to know a repeated import: it counts as none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else UNNUMBERED
