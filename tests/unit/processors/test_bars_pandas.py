"""All timeframes of all kinds of markets against pandas, which groups by its own calendar arithmetic."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import pandas as pd
import pytest

from processors.bars.core import BarsCore
from runtime.settings import ProcessSettings
from schemas.bars import Bar
from schemas.ticks import Quote, Tick, Trade
from schemas.timeframes import SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.unit.processors.inputs import T0_NS, final_bars, run, ticks_record, watermark_record

NEW_YORK = "America/New_York"
DAYS = 100  # of 2024 from New Year on: daylight saving begins in them, and the exchange has four holidays
HOLIDAYS = ("2024-01-01", "2024-01-15", "2024-02-19", "2024-03-29")
UTC_RULES = {
    "1m": "1min", "5m": "5min", "15m": "15min", "30m": "30min", "1h": "1h", "2h": "2h", "4h": "4h", "6h": "6h", "8h": "8h", "12h": "12h",
}  # fmt: skip
SYMBOLS = ("BTC-USDT", "AAPL", "EUR-USD")
Grouping = Callable[[pd.DatetimeIndex], Any]


def cents(value: int) -> str:
    return f"{value // 100}.{value % 100:02}"


@cache
def ticks() -> dict[str, list[Tick]]:
    """Bursts of ticks at random times, with silences of minutes to days between them; even prices in cents, so that mid prices are whole."""
    random, made = Random(7), {symbol: list[Tick]() for symbol in SYMBOLS}
    for symbol in SYMBOLS:
        ts_ns, price = T0_NS, 10_000
        while ts_ns < T0_NS + DAYS * 86_400 * SECOND_NS:
            for _ in range(random.randrange(1, 6)):
                ts_ns += random.randrange(1, 40 * SECOND_NS)
                price = max(100, price + 2 * random.randrange(-20, 21))
                made[symbol].append(_tick(symbol, len(made[symbol]) + 1, ts_ns, price, random.randrange(1, 500)))
            ts_ns += random.choice([60, 600, 3600, 3600, 20_000, 90_000]) * SECOND_NS
    return made


def _tick(symbol: str, number: int, ts_ns: int, price: int, size: int) -> Tick:
    if symbol == "EUR-USD":
        return Quote(symbol, cents(price - 4), "1", cents(price + 4), "1", ts_ns, ts_ns, number, seq=number)
    return Trade(symbol, cents(price), str(size), ts_ns, ts_ns, number, seq=number)


@cache
def bars() -> dict[tuple[str, str], list[Bar]]:
    """By symbol and timeframe."""
    every = sorted((tick for of_symbol in ticks().values() for tick in of_symbol), key=lambda tick: tick.ts_event_ns)
    records = [ticks_record(every[at : at + 100], at, Topic.TICKS) for at in range(0, len(every), 100)]
    finished = final_bars(run(BarsCore(ProcessSettings()), [*records, watermark_record(200 * 86_400, len(every))]))
    found: dict[tuple[str, str], list[Bar]] = {}
    for (symbol, _, timeframe, _), bar in finished.items():
        found.setdefault((symbol, timeframe), []).append(bar)
    return found


def frame(symbol: str) -> pd.DataFrame:
    rows = [(one.ts_event_ns, *_price_and_size(one)) for one in ticks()[symbol]]
    table = pd.DataFrame(rows, columns=["ts_ns", "price", "size"])
    return table.set_index(pd.to_datetime(table["ts_ns"], unit="ns", utc=True))


def _price_and_size(one: Tick) -> tuple[int, int]:
    if isinstance(one, Trade):
        return round(float(one.price) * 100), int(one.size)
    return round((float(one.bid) + float(one.ask)) * 50), 0


def trading_dates(symbol: str, times: pd.DatetimeIndex) -> pd.Series:
    """The date of the trading day that holds each time, NaT outside the sessions."""
    local = times.tz_convert(NEW_YORK).tz_localize(None) if symbol != "BTC-USDT" else times.tz_localize(None)
    if symbol == "EUR-USD":
        local = local + timedelta(hours=7)  # 17:00 is midnight
    dates = pd.Series(local.normalize(), index=times)
    if symbol == "BTC-USDT":
        return dates
    is_open = local.day_of_week < 5
    if symbol == "AAPL":
        minutes = local.hour * 60 + local.minute
        is_open &= (minutes >= 570) & (minutes < 960) & ~dates.isin(pd.to_datetime(list(HOLIDAYS))).to_numpy()
    return dates.where(is_open)


def groups(symbol: str, timeframe: str, times: pd.DatetimeIndex) -> pd.Series:
    """The same value for times of one bar."""
    if timeframe in UTC_RULES:
        return pd.Series(times.floor(UTC_RULES[timeframe]), index=times)
    dates = trading_dates(symbol, times)
    if timeframe == "1w":
        return dates.dt.to_period("W-SUN")
    if timeframe == "1M":
        return dates.dt.to_period("M")
    if timeframe == "2d":
        return _pairs(symbol, dates)
    return dates


def _pairs(symbol: str, dates: pd.Series) -> pd.Series:
    if symbol != "AAPL":
        return (dates - pd.Timestamp("1970-01-01")).dt.days // 2
    weekdays = pd.bdate_range("2024-01-01", periods=120)
    sessions = weekdays[~weekdays.isin(pd.to_datetime(list(HOLIDAYS)))]
    first = 13_619  # sessions of the exchange from 1970 to 2023, counted with its calendar
    return dates.map({day: (first + number) // 2 for number, day in enumerate(sessions)})


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("timeframe", [timeframe.value for timeframe in Timeframe])
def test_bars_are_those_of_pandas(symbol: str, timeframe: str) -> None:
    table = frame(symbol)
    grouped = table.groupby(groups(symbol, timeframe, table.index).to_numpy(), sort=False)
    expected = grouped.agg(
        first_ns=("ts_ns", "first"), last_ns=("ts_ns", "last"), open=("price", "first"), high=("price", "max"), low=("price", "min"),
        close=("price", "last"), volume=("size", "sum"), count=("size", "size"),
    ).sort_values("first_ns")  # fmt: skip
    found = bars()[symbol, timeframe]
    assert len(found) == len(expected) > 1
    for bar, (_, row) in zip(found, expected.iterrows(), strict=True):
        assert bar.ts_open_ns <= row["first_ns"] <= row["last_ns"] < bar.ts_close_ns
        prices = [round(float(text) * 100) for text in (bar.open, bar.high, bar.low, bar.close)]
        assert prices == [row[name] for name in ("open", "high", "low", "close")]
        assert (int(bar.volume), bar.trade_count + bar.quote_count) == (row["volume"], row["count"])


def test_the_bars_are_closed_ones_that_follow_each_other() -> None:
    for of_one in bars().values():
        assert all(before.ts_close_ns <= after.ts_open_ns for before, after in pairwise(of_one))
    mondays = [datetime.fromtimestamp(bar.ts_open_ns // SECOND_NS, UTC).isoweekday() for bar in bars()["BTC-USDT", "1w"]]
    assert set(mondays) == {1}
