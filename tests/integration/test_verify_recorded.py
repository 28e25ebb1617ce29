"""Real traffic of Binance through the parser and the stages' cores, in memory: verify agrees from the capture on, and the known bars come out."""

import gzip
from dataclasses import replace
from decimal import Decimal

import pytest

from ingestors.binance.parse import Parser
from runtime.settings import Settings
from schemas.ticks import Quote, Trade, Watermark
from tests.memory_tables import MemoryTables
from tests.pipeline import CAPTURES, needs_recordings
from tests.verify_world import World, audit, envelope, told
from tickerplant.verify.capture_file import Capture, read_captures
from tickerplant.verify.store import Series

BTC = Series("BTC-USDT", "binance")
KNOWN = {
    "2024-08-08T23:58": (1_723_161_480, "61652.00 61745.27 61583.22 61717.63 77.14202 3216"),
    "2024-08-09T00:00": (1_723_161_600, "61686.00 61744.37 61630.88 61631.79 34.0818 1824"),
    "2024-08-09T00:01": (1_723_161_660, "61631.79 61631.79 61556.04 61589.99 79.69369 2931"),
}

pytestmark = needs_recordings


@pytest.fixture(scope="module")
def tables() -> MemoryTables:
    """Both files, in envelopes of 200 ticks."""
    world, parser = World(Settings()), Parser({"BTCUSDT": "BTC-USDT"}, "binance")
    ticks: list[Trade | Quote] = []
    received_ns = 0
    for path in CAPTURES:
        with gzip.open(path, "rb") as lines:
            for line in lines:
                received, _, frame = line.strip().partition(b" ")
                received_ns = int(received)
                if b'"stream"' in frame and b"@depth" not in frame:
                    ticks.append(parser.parse(frame, received_ns))  # type: ignore[arg-type]
    for start in range(0, len(ticks), 200):
        world.feed(envelope(ticks[start : start + 200]))
    world.feed(Watermark("binance", 0, max(tick.ts_event_ns for tick in ticks) + 10_000_000, received_ns, 0))
    return world.tables()


@pytest.fixture(scope="module")
def capture() -> Capture:
    return read_captures(CAPTURES)


def test_nothing_differs(tables: MemoryTables, capture: Capture) -> None:
    report = audit(tables, Settings(), capture=("binance", capture))
    assert [difference.sentence() for difference in report.differences] == []
    assert report.compared["captured trades"] == 19_904
    assert report.compared["captured quotes"] == 73_174
    assert report.compared["market_ticks"] == 93_078
    assert (min(capture.symbols["BTCUSDT"].trades), max(capture.symbols["BTCUSDT"].trades)) == (3_735_683_259, 3_735_703_162)
    assert report.notes == {}


@pytest.mark.parametrize("minute", KNOWN)
def test_known_bars(tables: MemoryTables, minute: str) -> None:
    opens_s, numbers = KNOWN[minute]
    bar = tables.bar_rows[BTC, "1m"][opens_s * 1_000_000_000]
    found = (bar.open_price, bar.high_price, bar.low_price, bar.close_price, bar.volume, bar.trade_count)
    assert list(found) == [Decimal(text) for text in numbers.split()]


def test_one_trade_less_in_the_middle_is_found(tables: MemoryTables, capture: Capture) -> None:
    rows = tables.tick_rows[BTC]
    at = next(i for i, row in enumerate(rows) if row.trade_id == "3735690000")
    damaged = replace(tables, tick_rows={BTC: rows[:at] + rows[at + 1 :]})
    found = told(audit(damaged, Settings(), capture=("binance", capture)))
    assert found.count(("market_ticks", "missing", "")) == 3  # its seq, its id, and the capture's trade
    assert ("market_ohlcv", "differs", "volume") in found
