"""Symbols keep their history: which were traded when, and under which names, as it was known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from runtime.errors import UserError
from schemas.timeframes import DAY_NS
from schemas.topics import Topic
from sinks.timescale.policies import prepare_database
from sinks.timescale.symbols import add_change, listings
from tests.sink_events import SOURCE, T0_NS, bar, record
from tests.sinks_world import execute, query, timescale_store
from tests.support import run_tickerplant

pytestmark = pytest.mark.stack
DAY = timedelta(days=1)
START = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=T0_NS // 1_000_000_000)


def write_bars(line: Any, *symbols_and_days: tuple[str, int]) -> None:
    store = timescale_store(line)
    first = store.begin([(Topic.BARS, 0)])[(Topic.BARS, 0)]
    for offset, (symbol, day) in enumerate(symbols_and_days):
        opening = T0_NS + day * DAY_NS
        event = bar(symbol=symbol, ts_open_ns=opening, ts_close_ns=opening + 60, known_at_ns=opening + 61)
        store.take(record(Topic.BARS, first + offset, event, headers={}))
    store.flush()
    store.close()


def change(line: Any, symbol: str, what: Any, day: int, known_day: int | None = None, to: str | None = None) -> None:
    known_at_ns = T0_NS + (day if known_day is None else known_day) * DAY_NS
    assert add_change(line.addresses.postgres, symbol, SOURCE, what, START + day * DAY, known_at_ns, to)


def traded(line: Any, day: int, known_day: int = 1000) -> list[str]:
    at, known = START + day * DAY, START + known_day * DAY
    return [row[0] for row in query(line, f"SELECT symbol FROM symbols_as_of('{SOURCE}', '{at.isoformat()}', '{known.isoformat()}')")]


def test_the_first_bar_is_kept_whatever_order_bars_come_in(line: Any) -> None:
    write_bars(line, ("A-USDT", 5), ("B-USDT", 2))
    write_bars(line, ("A-USDT", 3), ("A-USDT", 9))
    found = {one.symbol: one.first_at for one in listings(line.addresses.postgres)}
    assert found == {"A-USDT": START + 3 * DAY, "B-USDT": START + 2 * DAY}
    assert query(line, "SELECT source, simulated, symbols FROM market_sources") == [(SOURCE, True, 2)]


def test_a_symbol_has_its_class_from_its_first_bar_on_and_settings_may_change_it(line: Any) -> None:
    write_bars(line, ("A-USDT", 1), ("AAPL", 1), ("EUR-USD", 1))
    write_bars(line, ("A-USDT", 0))
    classes = [("A-USDT", "crypto"), ("AAPL", "equity"), ("EUR-USD", "fx")]
    assert query(line, "SELECT symbol, asset_class FROM market_symbols ORDER BY symbol") == classes
    execute(line, "UPDATE market_symbols SET asset_class = '' WHERE symbol = 'AAPL'")  # as an upgrade leaves it
    prepare_database(line.addresses.postgres, line.settings.storage, {"A-USDT": "fx"})
    assert query(line, "SELECT symbol, asset_class FROM market_symbols ORDER BY symbol") == [("A-USDT", "fx"), *classes[1:]]


def test_who_was_traded_when(line: Any) -> None:
    write_bars(line, ("A-USDT", 0), ("GONE-USDT", 0), ("OLD-USDT", 0), ("LATE-USDT", 9))
    change(line, "GONE-USDT", "delisted", 10, known_day=7)
    change(line, "GONE-USDT", "listed", 20)
    change(line, "OLD-USDT", "renamed", 5, to="NEW-USDT")
    assert traded(line, 1) == ["A-USDT", "GONE-USDT", "OLD-USDT"]
    assert traded(line, 6) == ["A-USDT", "GONE-USDT", "NEW-USDT"]
    assert traded(line, 12) == ["A-USDT", "LATE-USDT", "NEW-USDT"]
    assert traded(line, 21) == ["A-USDT", "GONE-USDT", "LATE-USDT", "NEW-USDT"]
    assert "GONE-USDT" in traded(line, 12, known_day=6)


def test_the_names_of_one_instrument_and_its_bars_under_all_of_them(line: Any) -> None:
    write_bars(line, ("ONE-USDT", 0), ("ONE-USDT", 1), ("TWO-USDT", 2), ("TWO-USDT", 3), ("THREE-USDT", 4))
    change(line, "ONE-USDT", "renamed", 2, to="TWO-USDT")
    change(line, "TWO-USDT", "renamed", 4, known_day=3, to="THREE-USDT")
    names = query(line, f"SELECT name FROM symbol_names('THREE-USDT', '{SOURCE}', 'infinity')")
    assert [name for (name,) in names] == ["THREE-USDT", "TWO-USDT", "ONE-USDT"]
    joined = query(
        line,
        f"SELECT b.symbol FROM symbol_names('THREE-USDT', '{SOURCE}', 'infinity') AS n "
        f"CROSS JOIN LATERAL ohlcv_as_of(n.name, '{SOURCE}', '1m', n.from_ts, n.to_ts, 'infinity') AS b ORDER BY b.\"timestamp\"",
    )
    assert [name for (name,) in joined] == ["ONE-USDT"] * 2 + ["TWO-USDT"] * 2 + ["THREE-USDT"]
    before = START + 2 * DAY
    assert query(line, f"SELECT name FROM symbol_names('THREE-USDT', '{SOURCE}', '{before.isoformat()}')") == [("THREE-USDT",)]


def test_the_commands(line: Any) -> None:
    write_bars(line, ("MATIC-USDT", 0))
    words = ("symbols", "rename", "MATIC-USDT", "POL-USDT", "--source", SOURCE, "--at", "2024-09-13T10:00:00")
    assert [run_tickerplant(*words, env=line.env()).stdout for _ in range(2)] == ["noted\n", "nothing to do\n"]
    assert run_tickerplant("symbols", "list", env=line.env()).stdout == (
        f"MATIC-USDT  {SOURCE}  crypto  since 2024-08-08  renamed  POL-USDT  2024-09-13\n"
    )
    wrong = run_tickerplant("symbols", "delist", "MATIC-USDT", "--source", SOURCE, "--at", "soon", env=line.env())
    assert (wrong.returncode, wrong.stderr) == (2, "tickerplant: --at soon is no time; write it as 2024-08-09 or 2024-08-09T00:00:00\n")


def test_a_rename_to_itself_is_refused(line: Any) -> None:
    with pytest.raises(UserError, match="another name"):
        add_change(line.addresses.postgres, "A", SOURCE, "renamed", START, 0, "A")
