"""What the audit says of marks: those it recomputes, those it cannot, and gaps in time."""

import pytest

from runtime.settings import ProcessSettings, QualitySettings, Settings
from schemas.ticks import Trade
from tests.verify_world import SHORT, START_NS, World, audit, envelope, told
from tickerplant.verify.parameters import from_settings
from tickerplant.verify.rows import GapRow
from tickerplant.verify.scores import is_always_open
from tickerplant.verify.store import Series

BTC = Series("BTC-USDT", "binance")
SETTINGS = Settings(process=ProcessSettings(**{**SHORT.model_dump(), "quality": QualitySettings(anomaly_window=16)}))
NS = 1_000_000_000


def world_of(prices: list[str], source: str = "binance", world: World | None = None) -> World:
    world = world or World(SETTINGS)
    for number, price in enumerate(prices, 1):
        at_ns = START_NS + number * NS
        world.feed(envelope([Trade("BTC-USDT", price, "1", at_ns, at_ns, number)], source))
    return world


def test_a_price_anomaly_is_recomputed() -> None:
    tables = world_of(["100"] * 20 + ["150"] + ["100"] * 5).tables()
    assert told(audit(tables, SETTINGS)) == []
    rows = tables.tick_rows[BTC]
    assert rows[20].reasons == ["price_anomaly"]
    rows[20] = rows[20]._replace(reasons=[], quality_score=1.0)
    rows[22] = rows[22]._replace(reasons=["price_anomaly"], quality_score=0.7)
    found = [one for one in told(audit(tables, SETTINGS)) if one[0] == "market_ticks"]
    assert found == [("market_ticks", "differs", "reasons"), ("market_ticks", "differs", "quality_score")] * 2


def test_another_window_than_the_configured_one_shows() -> None:
    tables = world_of(["100"] * 20 + ["150"] + ["100"] * 5).tables()
    assert ("market_ticks", "differs", "reasons") in told(audit(tables, Settings(process=SHORT)))


def test_where_the_tables_were_cut_anomalies_are_taken_as_stored() -> None:
    tables = world_of(["100"] * 20 + ["150"] + ["100"] * 5).tables()
    tables.tick_rows[BTC] = tables.tick_rows[BTC][10:]
    report = audit(tables, from_settings(SETTINGS, START_NS + 11 * NS))
    assert [one for one in told(report) if one[0] == "market_ticks"] == []


def test_marks_against_other_sources_are_taken_only_where_there_are_some() -> None:
    both = world_of(["100"] * 5)
    world_of(["120"] * 5, "binance-simulated", both)
    tables = both.tables()
    assert tables.tick_rows[Series("BTC-USDT", "binance-simulated")][0].reasons == ["cross_source_deviation"]
    report = audit(tables, SETTINGS)
    assert told(report) == []
    assert any("other sources" in note for note in report.notes)
    alone = world_of(["100"] * 5).tables()
    alone.tick_rows[BTC][2] = alone.tick_rows[BTC][2]._replace(reasons=["cross_source_deviation"], quality_score=0.8)
    assert ("market_ticks", "differs", "reasons") in told(audit(alone, SETTINGS))


def test_a_stored_tick_from_the_far_future_breaks_a_rule() -> None:
    tables = world_of(["100"] * 3).tables()
    row = tables.tick_rows[BTC][2]
    tables.tick_rows[BTC][2] = row._replace(ts_ingest_ns=row.ts_event_ns - 601 * NS)
    assert ("market_ticks", "rule", "ts_event_ns") in told(audit(tables, SETTINGS))


@pytest.mark.parametrize(
    ("gap_id", "found"),
    [
        ("binance:BTC-USDT:trade:silence:1723161260000000000", []),
        ("kraken:BTC-USDT:trade:silence:1", [("market_gaps", "differs", "gap_id")]),
    ],
)
def test_a_gap_in_time_has_no_ids(gap_id: str, found: list[tuple[str, str, str]]) -> None:
    tables = world_of(["100"] * 3).tables()
    tables.gap_rows[BTC][gap_id] = GapRow(gap_id, "trade", "open", 0, 0, 0, 0)
    assert told(audit(tables, SETTINGS)) == found


@pytest.mark.parametrize(
    ("symbol", "always"), [("BTC-USDT", True), ("BTC-USD", True), ("EUR-USD", False), ("AAPL", False), ("ETH-BTC", True)]
)
def test_which_markets_never_close(symbol: str, always: bool) -> None:
    assert is_always_open(symbol) is always
