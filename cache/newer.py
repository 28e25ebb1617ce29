"""Of two values of one key, what is newest: a server that lost its last second must not take a reader back. Pure."""

from typing import Any

from cache.kinds import Kind

_PARTS = {
    "trade": ("price", "volume", "side", "trade_id", "trade_ts_event_ns", "trade_seq"),
    "quote": ("bid", "bid_size", "ask", "ask_size", "quote_ts_event_ns", "quote_seq"),
}


def newest(kind: Kind, mine: Any, theirs: Any) -> Any:
    """`theirs` where they are equal. A quote is put together of the newer trade and the newer quote, if both are of one source.

    Raises KeyError or TypeError if one is no value of that kind.
    """
    if kind.name == "quote":
        return _newest_quote(mine, theirs)
    order = _of_wrapped if kind.is_wrapped else _of_forming if kind.name == "forming" else _of_series
    return mine if order(mine) > order(theirs) else theirs


def ts_event_ns(kind: Kind, value: Any) -> int:
    """The time of the value's data. Raises KeyError, TypeError or ValueError if it is no value of that kind."""
    return int(value["ts_event_ns" if kind.is_wrapped or kind.name == "quote" else "ts_open_ns"])


def _of_series(value: Any) -> tuple[int, ...]:
    return value["ts_open_ns"], value["revision"]


def _of_forming(value: Any) -> tuple[int, ...]:
    return value["ts_open_ns"], value["known_at_ns"]


def _of_wrapped(value: Any) -> tuple[int, ...]:
    return (value["ts_event_ns"],)


def _newest_quote(mine: Any, theirs: Any) -> Any:
    ahead, behind = (mine, theirs) if mine["ts_event_ns"] > theirs["ts_event_ns"] else (theirs, mine)
    if mine["source"] != theirs["source"]:
        return ahead
    merged = dict(ahead)
    for part, names in _PARTS.items():
        if _part_order(behind, part) > _part_order(ahead, part):
            merged.update((name, behind.get(name)) for name in names)
    return merged if merged != theirs else theirs


def _part_order(value: Any, part: str) -> tuple[int, int]:
    return value.get(f"{part}_ts_event_ns") or -1, value.get(f"{part}_seq") or 0
