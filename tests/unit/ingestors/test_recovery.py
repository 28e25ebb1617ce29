"""Holes that the venue could not be asked about stay open until it was; what it lacks is told as lost."""

from typing import Any

from ingestors.gap_fill import Hole, TradeFiller
from ingestors.recovery import MAX_OPEN_HOLES, Recovery
from ingestors.venue_pace import VenuePace
from ingestors.watermarks import Watermarks
from runtime.clock import ManualClock
from runtime.errors import TransientError
from schemas.ticks import Trade


class Venue:
    """Knows the trades `ids`, gives pages of 3; away from the call `away_from` on, until told otherwise."""

    def __init__(self, ids: range | list[int]) -> None:
        self.ids = ids
        self.away_from: int | None = None
        self.calls = 0

    async def trades(self, symbol: str, from_id: int, limit: int, from_ns: int = 0) -> list[Trade]:
        self.calls += 1
        if self.away_from is not None and self.calls > self.away_from:
            raise TransientError("away")
        return [Trade(symbol, "1", "1", i, 0, i) for i in self.ids if i >= from_id][: min(3, limit)]

    async def newest_update_id(self, symbol: str) -> int:
        return 0


class Written:
    """Stands for the EventPublisher: keeps what it is given."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.gaps_told: list[tuple[str, str, int]] = []

    def tick(self, trade: Trade, received_ns: int) -> None:
        assert trade.filled
        assert isinstance(trade.trade_id, int)
        self.ids.append(trade.trade_id)

    def gaps(self, gaps: Any, received_ns: int) -> None:
        self.gaps_told += [(gap.gap_id.split(":", 3)[3], gap.state, gap.filled) for gap in gaps]

    def flush(self) -> None:
        pass


class Bench:
    def __init__(self, ids: range | list[int], max_trades: int = 100) -> None:
        self.venue, self.written, self.clock = Venue(ids), Written(), ManualClock()
        self.pace = VenuePace(self.clock)
        filler = TradeFiller(self.venue, "binance", max_trades)
        self.recovery = Recovery("binance", filler, self.pace, self.written, Watermarks(1.0, 1.0), lambda: None)  # type: ignore[arg-type]

    async def fill(self, from_id: int, to_id: int) -> None:
        await self.recovery.fill(hole(from_id, to_id), 0, 0)

    async def retry(self) -> bool:
        self.clock.advance_s(31)
        assert self.pace.due()
        return await self.pace.ask(self.recovery.retry(0, 0))


def hole(from_id: int, to_id: int) -> Hole:
    return Hole("BTC-USDT", "trade", "reconnect", from_id, to_id, 0, 0)


async def test_an_outage_leaves_the_hole_open_and_the_rest_comes_later() -> None:
    bench = Bench(range(1, 50))
    bench.venue.away_from = 1
    await bench.fill(10, 18)
    assert bench.written.gaps_told == [("10:18", "open", 3)]
    assert not await bench.retry()
    bench.venue.away_from = None
    assert await bench.retry()
    assert bench.written.ids == list(range(11, 18))
    assert bench.written.gaps_told[1:] == [("10:18", "filled", 7)]
    assert not bench.recovery.pending()


async def test_nothing_is_asked_while_the_venue_is_away() -> None:
    bench = Bench(range(1, 50))
    bench.venue.away_from = 0
    for from_id in (10, 20, 30):
        await bench.fill(from_id, from_id + 5)
    assert bench.venue.calls == 1
    assert [state for _, state, _ in bench.written.gaps_told] == ["open"] * 3
    assert not await bench.retry()
    assert bench.venue.calls == 2  # a turn ends with its first failure
    bench.venue.away_from = None
    assert await bench.retry()
    assert bench.written.gaps_told[3:] == [("10:15", "filled", 4), ("20:25", "filled", 4), ("30:35", "filled", 4)]


async def test_what_the_venue_lacks_is_told_as_such() -> None:
    bench = Bench([11, 12])
    await bench.fill(10, 15)
    await bench.fill(20, 25)
    assert bench.written.gaps_told == [("10:15", "partial", 2), ("20:25", "unfillable", 0)]
    assert not bench.recovery.pending()


async def test_holes_of_an_earlier_process_are_asked_for_but_not_those_above_the_limit() -> None:
    bench = Bench(range(1, 500))
    bench.recovery.resume([hole(10, 13), hole(100, 400)])
    assert bench.recovery.pending()
    assert await bench.retry()
    assert bench.written.ids == [11, 12]
    assert bench.written.gaps_told == [("10:13", "filled", 2), ("100:400", "unfillable", 0)]


async def test_open_holes_are_bounded() -> None:
    bench = Bench(range(1, 5_000))
    bench.venue.away_from = 0
    for number in range(MAX_OPEN_HOLES + 1):
        await bench.fill(10 * number, 10 * number + 5)
    assert bench.written.gaps_told[-2:] == [("2560:2565", "open", 0), ("0:5", "unfillable", 0)]
