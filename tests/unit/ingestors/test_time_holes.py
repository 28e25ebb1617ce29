"""Venues that do not number trades without holes: what is missing after a break is fetched by time."""

from typing import Any

from ingestors.flow import Flow
from ingestors.gap_fill import FAR_AHEAD_NS, Continuity, Known, TradeFiller
from ingestors.history import History
from ingestors.recovery import Recovery
from ingestors.resume import Published
from ingestors.venue_pace import VenuePace
from ingestors.watermarks import Watermarks
from runtime.clock import ManualClock
from runtime.errors import TransientError
from schemas.ticks import Trade


class Venue(History):
    """Remembers the trades at `times`; their ids say nothing about their number."""

    def __init__(self, times: list[int]) -> None:
        self.times = times
        self.away = False

    async def trades_since(self, symbol: str, from_ns: int) -> list[Trade]:
        if self.away:
            raise TransientError("away")
        return [trade_at(ns) for ns in self.times]


class Written:
    """Stands for the EventPublisher."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.gaps_told: list[tuple[str, str, int, int]] = []

    def tick(self, trade: Trade, received_ns: int) -> None:
        assert trade.filled
        self.times.append(trade.ts_event_ns)

    def gaps(self, gaps: Any, received_ns: int) -> None:
        self.gaps_told += [(gap.gap_id, gap.state, gap.size, gap.filled) for gap in gaps]

    def flush(self) -> None:
        pass


def trade_at(ns: int) -> Trade:
    return Trade("BTC-USD", "1", "1", ns, 0, 10_000 + ns * 7)


class Bench:
    """The trade at 100 was published, then the connection broke."""

    def __init__(self, times: list[int]) -> None:
        self.venue, self.written, clock = Venue(times), Written(), ManualClock()
        self.pace = VenuePace(clock)
        filler = TradeFiller(self.venue, "x", 100)
        self.recovery = Recovery("x", filler, self.pace, self.written, Watermarks(1.0, 1.0), lambda: None)  # type: ignore[arg-type]
        self.recovery.passed(trade_at(100))
        self.trades = Continuity("trade", False, {"BTC-USD": Known(100, 100)}, by_time=True)
        self.trades.restart("reconnect")
        self.clock = clock

    async def next_trade(self, ns: int) -> None:
        hole = self.trades.missing_before("BTC-USD", ns, ns)
        self.recovery.passed(trade_at(ns))
        assert hole
        await self.recovery.fill(hole, 0, 0)


async def test_what_is_missing_comes_back_and_is_told() -> None:
    bench = Bench([90, 100, 110, 120, 130])
    await bench.next_trade(130)
    assert bench.written.times == [110, 120]
    assert bench.written.gaps_told == [("x:BTC-USD:trade:time:100", "filled", 0, 2)]


async def test_a_quiet_break_is_no_gap() -> None:
    bench = Bench([90, 100, 130])
    await bench.next_trade(130)
    assert bench.written.times == []
    assert bench.written.gaps_told == []


def test_of_one_instant_there_may_be_many_trades() -> None:
    trades = Continuity("trade", False, {"BTC-USD": Known(100, 100)}, by_time=True)
    trades.restart("reconnect")
    hole = trades.missing_before("BTC-USD", 100, 100)
    assert hole
    assert (hole.from_ns, hole.to_ns) == (100, 100)
    assert trades.missing_before("BTC-USD", 99, 99) is None


async def test_what_an_earlier_process_published_is_not_published_again() -> None:
    bench = Bench([90, 100, 110])
    bench.recovery.resume([], {"BTC-USD": [trade_at(110).trade_id]})
    await bench.next_trade(120)
    assert bench.written.times == []


async def test_a_trade_that_was_fetched_and_comes_all_the_same_is_known() -> None:
    bench = Bench([100, 110, 120, 130])
    await bench.next_trade(130)
    assert bench.written.times == [110, 120]
    assert bench.recovery.was_filled(trade_at(120))
    assert not bench.recovery.was_filled(trade_at(130))
    assert not bench.recovery.was_filled(trade_at(130 + 11_000_000_000))
    assert not bench.recovery.was_filled(trade_at(120))  # long ago: nothing is remembered any more


async def test_a_venue_that_does_not_reach_back_gives_a_part() -> None:
    bench = Bench([120, 130])
    await bench.next_trade(130)
    assert bench.written.times == [120]
    assert bench.written.gaps_told == [("x:BTC-USD:trade:time:100", "partial", 0, 1)]


async def test_what_the_connection_told_is_not_published_again_however_late_the_venue_answers() -> None:
    bench = Bench([90, 100, 110, 120, 130])
    bench.venue.away = True
    await bench.next_trade(130)
    bench.recovery.passed(trade_at(120))  # late, within the hole
    for ns in range(1_000, 3_000):  # more than are remembered
        bench.recovery.passed(trade_at(ns))
    bench.venue.away = False
    bench.clock.advance_s(31)
    assert await bench.pace.ask(bench.recovery.retry(0, 0))
    assert bench.written.times == [110]


async def test_a_venue_that_is_away_is_asked_again() -> None:
    bench = Bench([90, 100, 110, 130])
    bench.venue.away = True
    await bench.next_trade(130)
    bench.venue.away = False
    bench.clock.advance_s(31)
    assert await bench.pace.ask(bench.recovery.retry(0, 0))
    assert bench.written.times == [110]
    assert [told[1] for told in bench.written.gaps_told] == ["open", "filled"]


class Told(Written):
    """The same for trades of the connection."""

    def tick(self, trade: Trade, received_ns: int) -> None:
        self.times.append(trade.ts_event_ns)


def test_a_trade_from_the_far_future_is_passed_on_and_no_hole_is_measured_by_it() -> None:
    bench, told = Bench([]), Told()
    parts: Any = (told, None, bench.recovery, Watermarks(1.0, 1.0), bench.pace, bench.clock)
    flow = Flow("x", *parts, Published(by_time=True))
    far_ns = 100 + FAR_AHEAD_NS
    for ns in (100, far_ns):
        assert flow.trade(trade_at(ns), 0) is None
    assert told.times == [100, far_ns]
    flow.trades.restart("reconnect")
    hole = flow.trade(trade_at(130), 0)
    assert hole
    assert (hole.from_ns, hole.to_ns) == (100, 130)
