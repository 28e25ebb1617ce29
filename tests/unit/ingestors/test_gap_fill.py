"""Holes: found where the numbering is broken, not where a capture plays again; filled page by page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestors.gap_fill import Continuity, Hole, Known, TradeFiller
from runtime.errors import TransientError, UserError
from schemas.ticks import Trade


def trade(trade_id: int) -> Trade:
    return Trade("BTC-USDT", "1", "1", trade_id, 0, trade_id)


class Venue:
    """Knows some trades, gives pages of at most 3."""

    def __init__(self, ids: list[int], fail_at: int = -1, error: Exception | None = None) -> None:
        self.ids = ids
        self.error = error or TransientError("away")
        self.fail_at = fail_at
        self.calls: list[tuple[int, int]] = []

    async def trades(self, symbol: str, from_id: int, limit: int, from_ns: int = 0) -> list[Trade]:
        self.calls.append((from_id, limit))
        if len(self.calls) - 1 == self.fail_at:
            raise self.error
        return [trade(i) for i in self.ids if i >= from_id][: min(3, limit)]

    async def newest_update_id(self, symbol: str) -> int:
        return 7


async def filled(venue: Venue, from_id: int, to_id: int) -> list[int]:
    filler = TradeFiller(venue, "binance", 100)
    hole = Hole("BTC-USDT", "trade", "restart", from_id, to_id, 0, 0)
    pages = [page async for page in filler.fill(hole, from_id + 1)]
    assert all(one.filled for page in pages for one in page)
    return [int(one.trade_id) for page in pages for one in page]


async def test_a_hole_is_filled_in_pages() -> None:
    venue = Venue(list(range(1, 50)))
    assert await filled(venue, 10, 18) == [11, 12, 13, 14, 15, 16, 17]
    assert venue.calls == [(11, 7), (14, 4), (17, 1)]


async def test_what_the_venue_lacks_stays_missing() -> None:
    assert await filled(Venue([11, 12, 15, 90]), 10, 20) == [11, 12, 15]


async def test_a_venue_that_goes_away_is_not_a_venue_that_has_no_more() -> None:
    with pytest.raises(TransientError):
        await filled(Venue(list(range(1, 50)), fail_at=1), 10, 20)
    with pytest.raises(TransientError):
        await TradeFiller(Venue([1], fail_at=0), "binance", 1).newer("BTC-USDT", 0)


async def test_a_refused_question_has_an_answer_nothing() -> None:
    assert await filled(Venue(list(range(1, 50)), fail_at=1, error=UserError("no")), 10, 20) == [11, 12, 13]
    assert await TradeFiller(Venue([1], fail_at=0, error=UserError("no")), "binance", 1).newer("BTC-USDT", 0) == []


def series(contiguous: bool = True, newest: int | None = 10) -> Continuity:
    return Continuity("trade", contiguous, {} if newest is None else {"BTC-USDT": Known(newest, 5)})


def test_a_jump_within_a_connection_is_a_sequence_hole() -> None:
    hole = series().missing_before("BTC-USDT", 13, 9)
    assert hole is not None
    assert (hole.cause, hole.from_id, hole.to_id, hole.size, hole.from_ns, hole.to_ns) == ("sequence", 10, 13, 2, 5, 9)


def test_numbers_that_are_not_contiguous_break_only_with_the_connection() -> None:
    quotes = series(contiguous=False)
    assert quotes.missing_before("BTC-USDT", 30, 0) is None
    quotes.restart("reconnect")
    hole = quotes.missing_before("BTC-USDT", 30, 0)
    assert hole is not None
    assert hole.cause == "reconnect"
    quotes.passed("BTC-USDT", 30, 0)
    assert quotes.missing_before("BTC-USDT", 40, 0) is None


def test_a_new_symbol_has_no_hole() -> None:
    assert series(newest=None).missing_before("BTC-USDT", 500, 0) is None


def test_a_capture_that_plays_again_is_no_hole() -> None:
    trades = series()
    trades.restart("restart")
    assert trades.missing_before("BTC-USDT", 1, 0) is None
    trades.passed("BTC-USDT", 1, 0)
    assert trades.missing_before("BTC-USDT", 2, 0) is None
    assert trades.known["BTC-USDT"].newest_id == 1


def test_an_old_trade_within_a_connection_changes_nothing() -> None:
    trades = series()
    trades.passed("BTC-USDT", 3, 0)
    assert trades.known["BTC-USDT"].newest_id == 10


def test_the_first_cause_holds_while_a_symbol_is_unsure() -> None:
    trades = series()
    trades.restart("restart")
    trades.restart("reconnect")
    assert trades.unsure == {"BTC-USDT": "restart"}


@given(st.lists(st.integers(1, 200), unique=True, min_size=1).map(sorted))
def test_holes_and_what_passed_are_the_whole_numbering(ids: list[int]) -> None:
    trades, seen = Continuity("trade", True), set()
    for trade_id in ids:
        hole = trades.missing_before("BTC-USDT", trade_id, 0)
        if hole:
            seen |= set(range(hole.from_id + 1, hole.to_id))
        trades.passed("BTC-USDT", trade_id, 0)
        seen.add(trade_id)
    assert seen == set(range(ids[0], ids[-1] + 1))


@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 12), st.booleans()), max_size=40))
def test_the_short_way_of_a_number_that_follows_ends_as_the_long_one(numbers: list[tuple[str, int, bool]]) -> None:
    short, long = Continuity("trade", True), Continuity("trade", True)
    for at_ns, (symbol, number, reconnected) in enumerate(numbers):
        if reconnected:
            short.restart("reconnect")
            long.restart("reconnect")
        hole = long.missing_before(symbol, number, at_ns)
        long.passed(symbol, number, at_ns)
        if short.follows(symbol, number, at_ns):
            assert hole is None
        else:
            assert short.missing_before(symbol, number, at_ns) == hole
            short.passed(symbol, number, at_ns)
        assert (short.known, short.unsure) == (long.known, long.unsure)


@pytest.mark.parametrize(("state", "filled_trades"), [("filled", 2), ("partial", 1), ("unfillable", 0)])
def test_the_gap_event_names_the_hole(state: str, filled_trades: int) -> None:
    gap = Hole("BTC-USDT", "trade", "restart", 10, 13, 1, 2).gap("binance", state, filled_trades, 99)  # type: ignore[arg-type]
    assert gap.gap_id == "binance:BTC-USDT:trade:10:13"
    assert (gap.size, gap.filled, gap.known_at_ns) == (2, filled_trades, 99)
