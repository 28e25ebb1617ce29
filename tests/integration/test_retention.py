"""Retention by our own job: what goes, what stays, what it says."""

import json
from typing import Any

import pytest

from runtime.errors import TransientError, UserError
from runtime.settings import StorageSettings
from schemas.timeframes import DAY_NS
from schemas.topics import Topic
from sinks.timescale.repair import repair
from sinks.timescale.retention import retain
from tests.sink_events import T0_NS, bar, envelope, indicators, record, signal, ticks, trade
from tests.sinks_world import checksums, execute, query, timescale_store
from tests.support import run_tickerplant

pytestmark = pytest.mark.stack
STORAGE = StorageSettings(major_symbols=("BTC-USDT",))


def fill(line: Any) -> None:
    """60 ticks of a major symbol, 5 of another; bars of three timeframes, a correction, its indicators and signals. All of 2024-08-08."""
    store = timescale_store(line)
    topics = (Topic.TICKS, Topic.BARS, Topic.INDICATORS, Topic.SIGNALS)
    store.begin([(topic, 0) for topic in topics])
    others = [trade(seq, symbol="SOL-USDT") for seq in range(1, 6)]
    events = {
        Topic.TICKS: [envelope(ticks(1, 60)), envelope(others)],
        Topic.BARS: [bar(0), bar(0, 1), bar(0, timeframe="1h"), bar(0, timeframe="1d"), bar(0, timeframe="1M")],
        Topic.INDICATORS: [indicators(), indicators(0, 1)],
        Topic.SIGNALS: [signal(), signal(0, 1)],
    }
    for topic in topics:
        for offset, event in enumerate(events[topic]):
            store.take(record(topic, offset, event))
    store.flush()
    store.close()


def drop(line: Any, days_later: int, *, dry_run: bool = False) -> dict[tuple[str, str], int]:
    dropped = retain(line.addresses.postgres, STORAGE, T0_NS + days_later * DAY_NS, dry_run=dry_run)
    return {(one.table, one.what): one.rows for one in dropped if one.rows}


def timeframes(line: Any) -> list[Any]:
    return [row[0] for row in query(line, "SELECT timeframe FROM market_ohlcv ORDER BY timeframe")]


def test_what_goes_when(line: Any) -> None:
    fill(line)
    assert drop(line, 180) == {}
    assert drop(line, 183) == {("market_ticks", "other symbols"): 5}
    assert query(line, "SELECT DISTINCT symbol FROM market_ticks") == [("BTC-USDT",)]
    assert drop(line, 367) == {("market_ticks", "major symbols"): 60}
    tables = {"market_ohlcv": 1, "technical_indicators": 5, "trading_signals": 1}
    expected = {(f"{table}{end}", "below 5m"): rows for table, rows in tables.items() for end in ("", "_history")}
    assert drop(line, 1098) == expected
    assert timeframes(line) == ["1M", "1d", "1h"]
    assert drop(line, 1828) == {("market_ohlcv", "5m to below 1d"): 1}
    assert drop(line, 3655) == {("market_ohlcv", "1d and longer"): 2}
    assert timeframes(line) == []


def test_a_dry_run_counts_the_same_and_changes_nothing(line: Any) -> None:
    fill(line)
    before = checksums(line)
    counted = drop(line, 2000, dry_run=True)
    assert checksums(line) == before
    assert drop(line, 2000) == counted
    assert drop(line, 2000) == {}


def test_nothing_goes_where_a_rule_keeps_for_ever(line: Any) -> None:
    fill(line)
    kept = STORAGE.model_copy(update={"ticks_days": 0, "minute_bars_days": 0})
    dropped = retain(line.addresses.postgres, kept, T0_NS + 1100 * DAY_NS)
    assert {(one.table, one.what, one.rows) for one in dropped if one.rows} == {("market_ticks", "major symbols", 60)}


def test_the_command(line: Any) -> None:
    fill(line)
    dry = json.loads(run_tickerplant("retention", "--dry-run", "--json", env=line.env()).stdout)
    assert dry["dry_run"]
    rows = {(rule["table"], rule["what"]): rule["rows"] for rule in dry["rules"]}
    assert rows[("market_ticks", "other symbols")] == 5
    assert query(line, "SELECT count(*) FROM market_ticks") == [(65,)]
    done = run_tickerplant("retention", env=line.env())
    assert "market_ticks (other symbols): 5 rows before" in done.stdout
    assert query(line, "SELECT count(*) FROM market_ticks") == [(0,)]


def test_missing_tables_and_servers_are_said(line: Any) -> None:
    execute(line, "DROP TABLE market_alerts")
    with pytest.raises(UserError, match="tickerplant migrate"):
        retain(line.addresses.postgres, STORAGE, T0_NS)
    with pytest.raises(TransientError, match="does not answer"):
        retain("postgresql://postgres@127.0.0.1:1/none", STORAGE, T0_NS)


def test_repair_has_nothing_to_do_without_columns(line: Any) -> None:
    fill(line)
    assert list(repair(line.addresses.postgres)) == []
    with pytest.raises(TransientError):
        list(repair("postgresql://postgres@127.0.0.1:1/none"))
