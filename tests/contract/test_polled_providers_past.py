"""What every polled provider gives of the past, for holes and for a backfill. The numbers are those
of the suite that begins in test_polled_providers.
"""

import msgspec
import pytest

from ingestors.polling.answers import BadAnswer, EmptyAnswer
from ingestors.rest import Unlisted
from runtime.errors import UserError
from schemas.bars import ProviderBar
from schemas.timeframes import DAY_NS, HOUR_NS, SECOND_NS, Timeframe
from tests.poll_server import START_NS
from tests.polled_world import World, every_provider
from tickerplant.backfill.ask import Window
from tickerplant.backfill.past import past_of


@every_provider
async def test_15_the_past_is_given_page_by_page(world: World) -> None:
    history = world.history()
    symbol, timeframe = world.first, world.dialect.timeframe
    back_ns = min(dict(history.lookback_ns).get(timeframe, 20 * DAY_NS), 3 * (history.until_ns(timeframe, START_NS) - START_NS))
    from_ns: int | None = START_NS - back_ns
    assert from_ns is not None
    bars, pages, begin_ns = list[ProviderBar](), 0, from_ns
    while from_ns is not None:
        page = await history.bars(symbol, timeframe, from_ns, START_NS)
        bars += page.bars
        pages += 1
        assert page.next_ns is None or page.next_ns > from_ns
        from_ns = page.next_ns
    wanted = [one for one in world.server.market.candles(symbol, timeframe, begin_ns, START_NS) if one.close_ns <= START_NS]
    assert [bar.ts_open_ns for bar in bars] == [one.open_ns for one in wanted]
    assert pages == len(world.server.calls)
    await history.close()


@every_provider
async def test_15_a_timeframe_that_it_does_not_have_is_refused_in_words(world: World) -> None:
    history = world.history()
    missing = next(timeframe for timeframe in reversed(Timeframe) if timeframe not in history.timeframes)
    with pytest.raises(UserError, match=f"has no bars of {missing}; it has"):
        await history.bars(world.first, missing, 0, START_NS)
    await history.close()


@pytest.mark.parametrize("name", ["yahoo"])
async def test_15_hours_from_half_past_are_none_of_ours(world: World) -> None:
    history = world.history()
    stamps = [START_NS // SECOND_NS // 3_600 * 3_600 - hours * 3_600 + 1_800 for hours in (3, 2)]
    columns = {column: [1.0, 1.0] for column in ("open", "high", "low", "close", "volume")}
    result = {"meta": {"symbol": "AAPL"}, "timestamp": stamps, "indicators": {"quote": [columns]}}
    world.server.refusals.append((200, msgspec.json.encode({"chart": {"result": [result]}}), ""))
    with pytest.raises(UserError, match="no bars of 1h of AAPL that begin where ours do"):
        await history.bars("AAPL", Timeframe.H1, START_NS - DAY_NS, START_NS)
    await history.close()


@every_provider
async def test_15_what_is_wrong_with_the_past_is_said(world: World) -> None:
    history, stranger = world.history(), world.dialect.stranger
    with pytest.raises(Unlisted if world.dialect.says_unlisted else EmptyAnswer):
        await history.bars(stranger, world.dialect.timeframe, START_NS - 4 * DAY_NS, START_NS)
    world.server.refusals.append((200, world.dialect.malformed, ""))
    with pytest.raises(BadAnswer):
        await history.bars(world.first, world.dialect.timeframe, START_NS - DAY_NS, START_NS)
    await history.close()


@every_provider
async def test_17_a_backfill_reads_the_past_of_a_window(world: World) -> None:
    timeframe, symbol = world.dialect.timeframe, world.first
    past = past_of(world.dialect.name, timeframe, "", world.settings(), world.clock)
    await past.resolve(world.dialect.symbols)
    back_ns = 20 * DAY_NS if timeframe is Timeframe.D1 else 20 * HOUR_NS
    window, at, opens = Window(START_NS - back_ns, START_NS), None, list[int]()
    while True:
        page = await past.page(symbol, window, at)
        opens += [event.bar.ts_open_ns for event in page.events if event.bar]
        at = page.next
        if at is None:
            break
    wanted = world.server.market.candles(symbol, timeframe, START_NS - back_ns, START_NS)
    assert opens == [one.open_ns for one in wanted if one.close_ns <= START_NS]
    assert past.source == world.dialect.name
    await past.close()
