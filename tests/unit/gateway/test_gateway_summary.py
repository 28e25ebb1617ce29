"""The last day of a symbol from its bars: exact, and honest about what it covers."""

from decimal import Decimal
from typing import Any

from gateway.series import Channel
from gateway.summary import summary_of
from schemas.bars import Bar
from tests.gateway_events import START_NS, bar
from tests.gateway_hub import World

HOUR_NS = 3_600_000_000_000
MINUTE_NS = HOUR_NS // 60


def at(opened_ns: int, length_ns: int, close: str, **more: Any) -> Bar:
    prices = {"open": close, "high": close, "low": close, "close": close}
    sizes = {"volume": "1.5", "quote_volume": "10", "trade_count": 2}
    return bar(0, timeframe="1m", ts_open_ns=opened_ns, ts_close_ns=opened_ns + length_ns, **{**prices, **sizes, **more})


def test_hours_then_the_minutes_since() -> None:
    hours = [at(hour * HOUR_NS, HOUR_NS, str(100 + hour)) for hour in range(30)]
    minutes = [at(30 * HOUR_NS + minute * MINUTE_NS, MINUTE_NS, f"{200 + minute}.50") for minute in range(-20, 10)]
    found = summary_of(minutes, hours)
    assert (found.open, found.last, found.high, found.low) == ("107", "209.50", "209.50", "107")
    assert (found.ts_from_ns, found.ts_to_ns) == (7 * HOUR_NS, 30 * HOUR_NS + 10 * MINUTE_NS)
    assert (found.volume, found.trade_count) == ("49.5", 66)
    assert (found.change, Decimal(found.change_percent)) == ("102.50", Decimal("95.7944"))


def test_minutes_alone_cover_what_they_cover() -> None:
    minutes = [at(START_NS + minute * MINUTE_NS, MINUTE_NS, str(10 + minute)) for minute in range(3)]
    found = summary_of(minutes, [])
    assert (found.open, found.last, found.ts_from_ns) == ("10", "12", START_NS)
    far = [at(START_NS - 10 * HOUR_NS, HOUR_NS, "1")]
    sixty = [at(START_NS + minute * MINUTE_NS, MINUTE_NS, "5") for minute in range(60)]
    assert summary_of(sixty, far).ts_from_ns == START_NS  # there are minutes between that are not known


def test_forgotten_minutes_between_the_hours_and_the_rest_are_not_passed_over() -> None:
    world = World()
    world.hub.memory.depth = 5  # as where many series share the memory
    world.feed.handle([world.bar(bar(-60, timeframe="1h", high="99999", ts_close_ns=START_NS))])
    world.feed.handle([world.bar(bar(minute)) for minute in range(20)])
    _, [snapshot] = world.subscribe(Channel.MARKET_SUMMARY, None)
    [item] = snapshot["items"]
    assert (item["ts_from_ns"], item["high"]) == (START_NS + 15 * MINUTE_NS, 61745.27)
    few = summary_of([at(START_NS + 5 * MINUTE_NS, MINUTE_NS, "5")], [at(START_NS - HOUR_NS, HOUR_NS, "1")], 5)
    assert few.ts_from_ns == START_NS - HOUR_NS  # nothing was traded between


def test_it_comes_with_each_closed_minute_of_the_primary() -> None:
    world = World()
    world.feed.handle([world.bar(bar(0)), world.bar(bar(0, timeframe="5m")), world.bar(bar(1, "ETH-USDT", primary=False))])
    box, [snapshot] = world.subscribe(Channel.MARKET_SUMMARY, None)
    assert [(item["symbol"], item["last"]) for item in snapshot["items"]] == [("BTC-USDT", 61717.63)]
    world.feed.handle([world.bar(bar(1, close="61800.00")), world.bar(bar(2, close="what"))])
    assert [(m["last"], m["change"], m["prev"]) for m in box.messages] == [(61800.00, 148.00, snapshot["seq"])]
