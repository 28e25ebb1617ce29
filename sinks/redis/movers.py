"""The symbols that moved most since the close of their last daily bar. Pure."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any

SHOWN = 20
SIDES = ("gainers", "losers")
_DIGITS = Decimal("0.000001")
_PRECISION = 50


def movers(pairs: Iterable[tuple[Any, Any]]) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """(time of the newest tick, by side the largest changes first) of (quote, last daily bar) as they stand in Redis, None where there is none.

    change: a fraction of the close, rounded to 6 decimals, as text. A symbol without a daily bar, or without a tick after it, did not move.
    """
    rows = [row for quote, day in pairs if quote and day and (row := _row(quote, day))]
    newest_ns = max((row["ts_event_ns"] for row in rows), default=0)
    up = sorted((row for row in rows if Decimal(row["change"]) > 0), key=lambda row: (-Decimal(row["change"]), row["symbol"]))
    down = sorted((row for row in rows if Decimal(row["change"]) < 0), key=lambda row: (Decimal(row["change"]), row["symbol"]))
    return newest_ns, dict(zip(SIDES, (up[:SHOWN], down[:SHOWN]), strict=True))


def _row(quote: Any, day: Any) -> dict[str, Any] | None:
    try:
        price, at_ns = _price(quote)
        close = Decimal(day["close"])
    except InvalidOperation:
        return None
    if price is None or close <= 0 or quote["source"] != day["source"] or at_ns < day["ts_close_ns"]:
        return None
    with localcontext(prec=_PRECISION):
        change = (price / close - 1).quantize(_DIGITS)
    return {
        "symbol": quote["symbol"],
        "source": quote["source"],
        "price": format(price, "f"),
        "previous_close": day["close"],
        "change": format(change, "f"),
        "ts_event_ns": at_ns,
    }


def _price(quote: Any) -> tuple[Decimal | None, int]:
    """Of the last trade, with its time; the middle of a market that is quoted only."""
    if quote["price"] is not None:
        return Decimal(quote["price"]), quote["trade_ts_event_ns"]
    if quote["bid"] is not None:
        return (Decimal(quote["bid"]) + Decimal(quote["ask"])) / 2, quote["quote_ts_event_ns"]
    return None, 0
