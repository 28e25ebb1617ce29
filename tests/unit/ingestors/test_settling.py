"""A symbol that stays silent after a connect is asked for at the venue; what the connection tells of the answer all the same is not published twice."""

from typing import Any

from ingestors.flow import Flow
from ingestors.gap_fill import Known, TradeFiller
from ingestors.history import History
from ingestors.recovery import Recovery
from ingestors.resume import Published
from ingestors.settling import SETTLE_S, Settling
from ingestors.venue_pace import VenuePace
from ingestors.watermarks import Watermarks
from runtime.clock import ManualClock
from schemas.ticks import Trade

SYMBOL = "BTC-USDT"


def trade_of(trade_id: int) -> Trade:
    return Trade(SYMBOL, "1", "1", trade_id * 1_000, 0, trade_id)


class Venue(History):
    """Has numbered its trades up to `newest_id`."""

    newest_id = 0

    async def trades(self, symbol: str, from_id: int, number: int, from_ns: int = 0) -> list[Trade]:
        return [trade_of(trade_id) for trade_id in range(from_id, min(from_id + number, self.newest_id + 1))]


class Written:
    """Stands for the EventPublisher."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.gaps_told: list[tuple[str, int, int]] = []

    def tick(self, trade: Trade, received_ns: int) -> None:
        self.ids.append(int(trade.trade_id))

    def gaps(self, gaps: Any, received_ns: int) -> None:
        self.gaps_told += [(gap.state, gap.from_id, gap.to_id) for gap in gaps]

    def watermark(self, *of: int) -> None:
        pass

    def flush(self) -> None:
        pass


class Bench:
    """Trade 10 was published by an earlier connection; a new one is open."""

    def __init__(self, max_trades: int = 100) -> None:
        self.venue, self.written, clock, watermarks = Venue(), Written(), ManualClock(), Watermarks(1.0, 1.0)
        self.clock = clock
        written: Any = self.written
        pace, filler, progress = VenuePace(clock), TradeFiller(self.venue, "x", max_trades), lambda: None
        recovery = Recovery("x", filler, pace, written, watermarks, progress)
        published = Published(trades={SYMBOL: Known(10, 10_000)})
        desk: Any = None
        self.flow = flow = Flow("x", written, desk, recovery, watermarks, pace, clock, published)
        self.settling = Settling(flow.trades, flow.quotes, flow.books, filler, recovery, pace, clock, flow.now_ns, progress)
        self.settling.begin([SYMBOL], "reconnect")
        clock.advance_s(SETTLE_S)

    def tell(self, *trade_ids: int) -> None:
        for trade_id in trade_ids:
            assert self.flow.trade(trade_of(trade_id), 0) is None


async def test_what_was_asked_for_and_comes_over_the_connection_too_is_published_once() -> None:
    bench = Bench()
    bench.venue.newest_id = 13
    assert bench.settling.due()
    await bench.settling.trades()
    bench.tell(12, 13, 14, 15)
    assert bench.written.ids == [11, 12, 13, 14, 15]
    assert bench.written.gaps_told == [("filled", 10, 14)]
    assert bench.flow.counted == {"repeated": 2, "trade": 2}


async def test_a_hole_behind_what_was_asked_for_is_found() -> None:
    bench = Bench()
    bench.venue.newest_id = 13
    await bench.settling.trades()
    bench.tell(13)
    hole = bench.flow.trade(trade_of(16), 0)
    assert hole
    assert (hole.cause, hole.from_id, hole.to_id) == ("sequence", 13, 16)


async def test_a_new_connection_that_plays_from_the_start_again_is_heard() -> None:
    bench = Bench()
    bench.venue.newest_id = 13
    await bench.settling.trades()
    bench.settling.begin([SYMBOL], "reconnect", opened_ns=bench.clock.now_ns() + 1)
    bench.tell(1, 2)
    assert bench.written.ids == [11, 12, 13, 1, 2]


async def test_a_connection_that_was_opened_before_the_venue_was_asked_tells_it_again() -> None:
    bench = Bench()
    opened_ns = bench.clock.now_ns()
    bench.clock.advance_s(1)  # what it tells waits meanwhile
    bench.venue.newest_id = 13
    await bench.settling.trades()
    bench.settling.begin([SYMBOL], "reconnect", opened_ns)
    bench.tell(12, 13, 14)
    assert bench.written.ids == [11, 12, 13, 14]


async def test_a_handover_whose_new_connection_was_opened_a_second_time_repeats_nothing() -> None:
    bench = Bench()
    bench.venue.newest_id = 10
    await bench.settling.trades()
    bench.tell(11, 12, 13)
    opened_ns = bench.clock.now_ns()
    bench.clock.advance_s(1)
    bench.settling.take_over([SYMBOL])
    bench.tell(11)
    bench.settling.begin([SYMBOL], "reconnect", opened_ns)
    bench.tell(13, 14)
    assert bench.written.ids == [11, 12, 13, 14]


async def test_of_a_hole_that_is_too_large_to_fill_the_connection_tells_the_newest() -> None:
    bench = Bench(max_trades=2)
    bench.venue.newest_id = 13
    await bench.settling.trades()
    bench.tell(12, 13, 14)
    assert bench.written.ids == [12, 13, 14]
    assert bench.written.gaps_told == [("unfillable", 10, 14)]
