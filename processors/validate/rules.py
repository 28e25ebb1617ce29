"""What makes a tick wrong: checks of its own fields, without state. A wrong tick becomes a dead letter and takes part in nothing."""

import re
from collections.abc import Iterator, Sequence

from processors.forms import NUMBER, is_number, is_symbol
from processors.validate.limits import DEFAULTS
from schemas.reasons import Reason
from schemas.sources import BarOffer
from schemas.ticks import Quote, Tick, TickEnvelope, Trade, Watermark
from schemas.timeframes import Timeframe

EARLIEST_NS = 631_152_000 * 1_000_000_000  # 1990-01-01
LATEST_NS = 7_258_118_400 * 1_000_000_000  # 2200-01-01: keeps every derived time inside 64 bits and inside the calendar
# A venue's clock may run before ours, but a trade from the far future would move its series' watermark there, and all that follows would be late.
AHEAD_NS = DEFAULTS.ahead_ns
_MAX_OFFERED = 5_000  # symbols of a polled source, as its settings allow
_TIMEFRAMES = frozenset(timeframe.value for timeframe in Timeframe)
MAX_ID = 2**63 - 1  # what a bigint column and msgpack hold

Fault = tuple[Reason, str]

_POSITIVE = rf"(?=[0.]*[1-9]){NUMBER}"
# One match for all numbers of a tick, parted by a space, which no number holds: a match a number and its conversion would cost three times as much.
_are_trade_numbers = re.compile(f"{_POSITIVE} {_POSITIVE}").fullmatch
_are_quote_numbers = re.compile(f"{_POSITIVE} {_POSITIVE} {NUMBER} {NUMBER}").fullmatch
_is_source = re.compile(r"[a-z][a-z0-9-]{0,31}").fullmatch
_is_text_id = re.compile(r"[!-~]{1,64}").fullmatch


def fault_of(tick: Tick, ahead_ns: int = AHEAD_NS) -> Fault | None:
    """Why the tick is wrong, or None. The first fault counts. ahead_ns: how far the venue's clock may run before ours."""
    good = _is_good_trade(tick, ahead_ns) if isinstance(tick, Trade) else _is_good_quote(tick, ahead_ns)
    return None if good else next(_faults(tick, ahead_ns))


def watermark_fault(watermark: Watermark, ahead_ns: int = AHEAD_NS) -> Fault | None:
    """Why a watermark must not be passed on: one from the far future would make every later trade a late one."""
    if not _is_source(watermark.source):
        return Reason.INVALID_FIELD, f"source {watermark.source[:64]!r} is no name of a source"
    if not _is_time(watermark.ts_event_ns, watermark.ts_ingest_ns, ahead_ns):
        return Reason.TIME_OUT_OF_RANGE, f"ts_event_ns {watermark.ts_event_ns} at ts_ingest_ns {watermark.ts_ingest_ns}"
    return None


def offer_fault(offer: BarOffer, ahead_ns: int = AHEAD_NS) -> Fault | None:
    """Why an offer of bars is of no use."""
    if not _is_source(offer.source):
        return Reason.INVALID_FIELD, f"source {offer.source[:64]!r} is no name of a source"
    if not _is_time(offer.ts_event_ns, offer.ts_ingest_ns, ahead_ns):
        return Reason.TIME_OUT_OF_RANGE, f"ts_event_ns {offer.ts_event_ns} at ts_ingest_ns {offer.ts_ingest_ns}"
    said = (offer.symbols, offer.timeframes)
    if len(offer.symbols) > _MAX_OFFERED or not all(map(is_symbol, offer.symbols)) or not _TIMEFRAMES.issuperset(offer.timeframes):
        return Reason.INVALID_FIELD, f"{len(offer.symbols)} symbols, timeframes {','.join(offer.timeframes)[:64]!r}"
    if any(len(set(names)) < len(names) for names in said):
        return Reason.INVALID_FIELD, "a symbol or a timeframe stands twice in it"
    return None


def envelope_fault(envelope: TickEnvelope) -> Fault | None:
    """Why a whole envelope is of no use, whatever its ticks are."""
    if not _is_source(envelope.source):
        return Reason.INVALID_FIELD, f"source {envelope.source[:64]!r} is no name of a source"
    if not 0 <= envelope.ts_receive_ns <= LATEST_NS:
        return Reason.TIME_OUT_OF_RANGE, f"ts_receive_ns {envelope.ts_receive_ns}"
    return None


def _is_good_trade(trade: Trade, ahead_ns: int) -> bool:
    trade_id = trade.trade_id
    return bool(
        _are_trade_numbers(f"{trade.price} {trade.size}")
        and EARLIEST_NS <= trade.ts_event_ns <= trade.ts_ingest_ns + ahead_ns <= LATEST_NS
        and (0 <= trade_id <= MAX_ID if isinstance(trade_id, int) else _is_text_id(trade_id))
    )


def _is_good_quote(quote: Quote, ahead_ns: int) -> bool:
    return bool(
        _are_quote_numbers(f"{quote.bid} {quote.ask} {quote.bid_size} {quote.ask_size}")
        and EARLIEST_NS <= quote.ts_event_ns <= quote.ts_ingest_ns + ahead_ns <= LATEST_NS
        and 0 <= quote.update_id <= MAX_ID
    )


def are_good_trades(trades: Sequence[Trade], ahead_ns: int) -> bool:
    """As far as times and ids go; their numbers are known to be good."""
    for trade in trades:
        if not EARLIEST_NS <= trade.ts_event_ns <= trade.ts_ingest_ns + ahead_ns <= LATEST_NS:
            return False
        trade_id = trade.trade_id
        if not (0 <= trade_id <= MAX_ID if isinstance(trade_id, int) else _is_text_id(trade_id)):
            return False
    return True


def are_good_quotes(quotes: Sequence[Quote], ahead_ns: int) -> bool:
    """As far as times and ids go; their numbers are known to be good."""
    for quote in quotes:
        if not EARLIEST_NS <= quote.ts_event_ns <= quote.ts_ingest_ns + ahead_ns <= LATEST_NS:
            return False
        if not 0 <= quote.update_id <= MAX_ID:
            return False
    return True


def _is_time(ts_event_ns: int, ts_ingest_ns: int, ahead_ns: int) -> bool:
    return EARLIEST_NS <= ts_event_ns <= ts_ingest_ns + ahead_ns <= LATEST_NS


def _faults(tick: Tick, ahead_ns: int) -> Iterator[Fault]:
    """All faults, told with care: only a tick that is known to be wrong comes here."""
    if isinstance(tick, Trade):
        prices, sizes, smallest = {"price": tick.price}, {"size": tick.size}, 1
        identity = tick.trade_id
    else:
        prices, sizes, smallest = {"bid": tick.bid, "ask": tick.ask}, {"bid_size": tick.bid_size, "ask_size": tick.ask_size}, 0
        identity = tick.update_id
    yield from _not_numbers(prices | sizes)
    yield from _not_positive(prices, Reason.NON_POSITIVE_PRICE, 1)
    yield from _not_positive(sizes, Reason.NON_POSITIVE_SIZE, smallest)
    if not _is_time(tick.ts_event_ns, tick.ts_ingest_ns, ahead_ns):
        yield Reason.TIME_OUT_OF_RANGE, f"ts_event_ns {tick.ts_event_ns} at ts_ingest_ns {tick.ts_ingest_ns}"
    yield Reason.INVALID_FIELD, f"id {str(identity)[:64]!r} is neither an integer of 0 to {MAX_ID} nor 1 to 64 printable characters"


def _not_numbers(fields: dict[str, str]) -> Iterator[Fault]:
    for name, text in fields.items():
        if not is_number(text):
            yield Reason.NOT_A_NUMBER, f"{name} {text[:64]!r} is no plain decimal number"


def _not_positive(fields: dict[str, str], reason: Reason, smallest: int) -> Iterator[Fault]:
    """smallest 1: zero is wrong too; 0: zero is right (a quoted side can be empty)."""
    for name, text in fields.items():
        value = float(text)
        if value < 0 or (smallest and value == 0):
            yield reason, f"{name} is {text}"
