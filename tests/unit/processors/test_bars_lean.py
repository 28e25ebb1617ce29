"""Bars against those that QuantConnect's LEAN holds of the same market: seconds to minutes, minutes to days, and stock minutes to session days."""

import csv
import io
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from processors.bars.core import BarsCore
from runtime.settings import ProcessSettings
from schemas.bars import Bar
from schemas.ticks import Trade
from schemas.timeframes import DAY_NS, SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, final_bars, run, ticks_record, watermark_record

LEAN = Path(__file__).resolve().parents[4] / "shared" / "data" / "lean"
COINBASE = LEAN / "crypto" / "coinbase"
AAPL = LEAN / "equity" / "usa"
DAYS = {"20161007": 1419, "20161008": 1400, "20161009": 1397}
STOCK_SCALE = Decimal("0.0001")
MILLISECOND_NS = 1_000_000
pytestmark = pytest.mark.skipif(not LEAN.is_dir() and not os.environ.get("CI"), reason=f"the recorded markets are not at {LEAN}")


class Row(NamedTuple):
    """One line of a file: the interval's start; open, high, low, close and volume."""

    ts_ns: int
    values: tuple[Decimal, ...]


def rows(path: Path, midnight_ns: int, scale: Decimal = Decimal(1)) -> Iterator[Row]:
    for at_ms, *values in _lines(path):
        *prices, volume = map(Decimal, values)
        yield Row(midnight_ns + int(at_ms) * MILLISECOND_NS, (*(price * scale for price in prices), volume))


def days(path: Path, scale: Decimal = Decimal(1)) -> dict[str, tuple[Decimal, ...]]:
    """By date."""
    found = {}
    for day, *values in _lines(path):
        *prices, volume = map(Decimal, values)
        found[day[:8]] = (*(price * scale for price in prices), volume)
    return found


def _lines(path: Path) -> Iterator[list[str]]:
    with zipfile.ZipFile(path) as archive:
        yield from csv.reader(io.StringIO(archive.read(archive.namelist()[0]).decode()))


def midnight_of(day: str, zone: str = "UTC") -> int:
    return int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=ZoneInfo(zone)).timestamp()) * SECOND_NS


def as_trades(symbol: str, candles: list[Row]) -> list[Trade]:
    """Four trades a candle, a quarter of its volume each: at its open, high, low and close, in this order."""
    trades = []
    for ts_ns, (*prices, volume) in candles:
        for step, at in enumerate((0, 1, 2, 3)):
            number, when_ns = len(trades) + 1, ts_ns + step
            trades.append(Trade(symbol, str(prices[at]), str(volume / 4), when_ns, when_ns, number, seq=number))
    return trades


def bars_of(trades: list[Trade], timeframe: Timeframe) -> list[Bar]:
    records = [ticks_record(trades[at : at + 500], at, Topic.TICKS) for at in range(0, len(trades), 500)]
    end = watermark_record((trades[-1].ts_event_ns + 3 * DAY_NS - T0_NS) / SECOND_NS, len(trades))
    finished = final_bars(run(BarsCore(ProcessSettings(timeframes=(timeframe,))), [*records, end]))
    return [bar for (_, _, name, _), bar in finished.items() if name == timeframe]


def values_of(bar: Bar) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, (bar.open, bar.high, bar.low, bar.close, bar.volume)))


@pytest.mark.parametrize(("day", "minutes"), DAYS.items())
def test_seconds_to_minutes(day: str, minutes: int) -> None:
    midnight_ns = midnight_of(day)
    seconds = list(rows(COINBASE / "second" / "btcusd" / f"{day}_trade.zip", midnight_ns))
    expected = list(rows(COINBASE / "minute" / "btcusd" / f"{day}_trade.zip", midnight_ns))
    bars = bars_of(as_trades("BTC-USD", seconds), Timeframe.M1)
    assert len(expected) == minutes
    assert [Row(bar.ts_open_ns, values_of(bar)) for bar in bars] == expected


def test_minutes_to_days() -> None:
    minutes = [row for day in DAYS for row in rows(COINBASE / "minute" / "btcusd" / f"{day}_trade.zip", midnight_of(day))]
    expected = days(COINBASE / "daily" / "btcusd_trade.zip")
    bars = bars_of(as_trades("BTC-USD", minutes), Timeframe.D1)
    found = {datetime.fromtimestamp(bar.ts_open_ns // SECOND_NS, UTC).strftime("%Y%m%d"): values_of(bar) for bar in bars}
    assert found == {day: expected[day] for day in DAYS}


@pytest.mark.parametrize("day", ["20140606", "20140609"])
def test_a_stocks_minutes_to_its_session(day: str) -> None:
    """The minutes begin at 04:00 and end at 20:00; the day is the session alone. Its high and low differ from the minutes' own by a cent on the first day."""
    minutes = list(rows(AAPL / "minute" / "aapl" / f"{day}_trade.zip", midnight_of(day, "America/New_York"), STOCK_SCALE))
    (bar,) = bars_of(as_trades("AAPL", minutes), Timeframe.D1)
    opening, high, low, close, volume = days(AAPL / "daily" / "aapl.zip", STOCK_SCALE)[day]
    found = values_of(bar)
    assert (found[0], *found[3:]) == (opening, close, volume)
    assert max(abs(found[1] - high), abs(found[2] - low)) <= Decimal("0.01")
    assert len(minutes) > 390
