"""A provider's bars as a backfill pages through them."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from ingestors.bar_history import BarHistory, BarPage
from runtime.errors import UserError
from schemas.bars import ProviderBar
from schemas.timeframes import DAY_NS, MINUTE_NS, Timeframe
from tickerplant.backfill.ask import Window
from tickerplant.backfill.fetch import fetch
from tickerplant.backfill.past import PastBars
from tickerplant.backfill.spool import Spool

START_NS, ANSWER_NS = 20_000 * DAY_NS, 21_000 * DAY_NS
WINDOW = Window(START_NS, START_NS + 10 * MINUTE_NS)


class Vendor(BarHistory):
    """Three bars an answer; none of minutes 3 to 5."""

    source = "vendor"
    timeframes = (Timeframe.M1,)
    lookback_ns: ClassVar[Mapping[Timeframe, int]] = {Timeframe.M1: 7 * DAY_NS}

    async def resolve(self, symbols: Collection[str]) -> dict[str, str]:
        return {symbol: symbol for symbol in symbols if symbol != "NO-SUCH"}

    async def bars(self, symbol: str, timeframe: Timeframe, from_ns: int, to_ns: int) -> BarPage:
        minutes = list(range((from_ns - START_NS) // MINUTE_NS, (to_ns - START_NS) // MINUTE_NS))[:3]
        following = START_NS + (minutes[-1] + 1) * MINUTE_NS
        return BarPage([bar(symbol, minute) for minute in minutes if not 3 <= minute <= 5], following if following < to_ns else None)


def bar(symbol: str, minute: int) -> ProviderBar:
    open_ns = START_NS + minute * MINUTE_NS
    return ProviderBar(
        symbol=symbol, source="vendor", timeframe="1m", ts_open_ns=open_ns, ts_close_ns=open_ns + MINUTE_NS, open="1", high="1", low="1", close="1",
        volume="0", quote_volume="0", vwap="1", trade_count=0, kind="provider", revision=0, quality=1.0, reasons=(), known_at_ns=ANSWER_NS,
    )  # fmt: skip


def past() -> PastBars:
    return PastBars(Vendor(), Timeframe.M1, "mine", "vendor", {})


@pytest.mark.parametrize(("symbol", "known_at_close"), [("BTC-USD", True), ("EUR-USD", True), ("AAPL", False)])
async def test_bars_come_page_by_page_and_shares_are_known_from_the_answer_on(symbol: str, known_at_close: bool, tmp_path: Path) -> None:
    pages: list[int] = []
    spool = Spool(tmp_path / "pages")
    await fetch(past(), symbol, WINDOW, spool, lambda now: pages.append(now.reached_ns), lambda text: None)
    assert [(reached_ns - START_NS) // MINUTE_NS for reached_ns in pages] == [3, 6, 9, 10]
    found = [event.bar for event in Spool(tmp_path / "pages").events() if event.bar]
    assert [(one.ts_open_ns - START_NS) // MINUTE_NS for one in found] == [0, 1, 2, 6, 7, 8, 9]
    assert {one.source for one in found} == {"mine"}
    assert {one.known_at_ns for one in found} == ({one.ts_close_ns for one in found} if known_at_close else {ANSWER_NS})


async def test_how_much_it_is_is_guessed_from_one_answer() -> None:
    assert await past().expected("AAPL", WINDOW) == (12, 4)
    assert await past().expected("AAPL", Window(START_NS, START_NS + 2 * MINUTE_NS)) == (2, 1)


async def test_what_the_provider_does_not_have_is_the_users_to_mend() -> None:
    with pytest.raises(UserError, match="vendor does not list NO-SUCH"):
        await past().resolve(["AAPL", "NO-SUCH"])
    past().check(ANSWER_NS - 7 * DAY_NS, ANSWER_NS)
    with pytest.raises(UserError, match="vendor gives bars of 1m of the last 7 days only"):
        past().check(ANSWER_NS - 7 * DAY_NS - 1, ANSWER_NS)
