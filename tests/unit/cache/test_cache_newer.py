"""Of two values of one key the newest, part by part."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cache.kinds import KINDS
from cache.newer import newest, ts_event_ns

QUOTE, BAR, FORMING, NEWS = (KINDS[name] for name in ("quote", "bar", "forming", "news"))
_ORDER = st.tuples(st.integers(1, 4), st.integers(1, 3))


def quote(trade: tuple[int, int] | None, bid: tuple[int, int] | None, source: str = "binance") -> dict[str, Any]:
    of_trade, of_quote = trade or (None, None), bid or (None, None)
    return {
        "source": source,
        "ts_event_ns": max(of_trade[0] or 0, of_quote[0] or 0),
        "price": trade and f"{trade}",
        "trade_ts_event_ns": of_trade[0],
        "trade_seq": of_trade[1],
        "bid": bid and f"{bid}",
        "quote_ts_event_ns": of_quote[0],
        "quote_seq": of_quote[1],
    }


@given(st.none() | _ORDER, st.none() | _ORDER, st.none() | _ORDER, st.none() | _ORDER)
def test_no_part_of_a_quote_goes_back(mine_trade: Any, mine_bid: Any, their_trade: Any, their_bid: Any) -> None:
    mine, theirs = quote(mine_trade, mine_bid), quote(their_trade, their_bid)
    before = msgspec.json.encode([mine, theirs])
    chosen = newest(QUOTE, mine, theirs)
    assert msgspec.json.encode([mine, theirs]) == before
    trade, bid = max(mine_trade or (), their_trade or ()), max(mine_bid or (), their_bid or ())
    assert chosen["price"] == (f"{trade}" if trade else None)
    assert chosen["bid"] == (f"{bid}" if bid else None)
    assert chosen["ts_event_ns"] == max(mine["ts_event_ns"], theirs["ts_event_ns"])


@given(_ORDER, _ORDER)
def test_quotes_of_two_sources_are_never_mixed(mine_trade: Any, their_bid: Any) -> None:
    mine, theirs = quote(mine_trade, None, "binance"), quote(None, their_bid, "kraken")
    assert newest(QUOTE, mine, theirs) is (mine if mine_trade[0] > their_bid[0] else theirs)


@given(_ORDER, _ORDER)
def test_a_series_is_ordered_by_bar_and_revision(mine: Any, theirs: Any) -> None:
    values = [{"ts_open_ns": at, "revision": number, "known_at_ns": number} for at, number in (mine, theirs)]
    for kind in (BAR, FORMING):
        assert newest(kind, *values) is values[0 if mine > theirs else 1]


def test_a_services_value_is_ordered_by_the_time_of_its_data() -> None:
    older, newer = {"ts_event_ns": 1, "value": "x"}, {"ts_event_ns": 2, "value": "a"}
    assert newest(NEWS, older, newer) is newest(NEWS, newer, older) is newer
    assert [ts_event_ns(NEWS, newer), ts_event_ns(BAR, {"ts_open_ns": 7})] == [2, 7]
