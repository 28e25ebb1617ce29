"""Bars that trades do not make: synthetic ones are held to their rule, the others are passed over and counted."""

import pytest

from runtime.settings import ProcessSettings, Settings
from schemas.sessions import calendar_of
from schemas.symbols import FIAT
from schemas.ticks import Quote, Trade, Watermark
from tests.memory_tables import MemoryTables
from tests.verify_world import MINUTE_NS, SHORT, START_NS, World, audit, envelope, told
from tickerplant.verify.markets import _FIAT, market_of
from tickerplant.verify.store import Series

SYNTHETIC = Settings(process=SHORT.model_copy(update={"synthetic_bars": ("*",)}))
BTC = Series("BTC-USDT", "binance")


def silent_tables() -> MemoryTables:
    """A trade, and ten minutes later another."""
    world = World(SYNTHETIC)
    for number in (1, 2):
        at_ns = START_NS + number * 10 * MINUTE_NS
        world.feed(envelope([Trade("BTC-USDT", f"10{number}", "1", at_ns, at_ns, number, "buy")]))
    return world.tables()


def test_synthetic_bars_pass() -> None:
    tables = silent_tables()
    assert [row.kind for row in tables.bars(BTC, "1m")].count("synthetic") == 8  # the minute before the second trade is within its grace
    assert told(audit(tables, SYNTHETIC)) == []


def test_a_synthetic_bar_where_none_was_asked_for_should_not_be_there() -> None:
    assert ("market_ohlcv", "extra", "") in told(audit(silent_tables(), Settings(process=SHORT)))


@pytest.mark.parametrize(("field", "value"), [("open_price", 5), ("vwap", 5), ("volume", 1), ("quality_score", 0.5), ("reasons", ["late"])])
def test_a_synthetic_bar_that_does_not_stand_still_is_found(field: str, value: object) -> None:
    tables = silent_tables()
    rows = tables.bar_rows[BTC, "1m"]
    (key, *_) = [opens for opens, row in sorted(rows.items()) if row.kind == "synthetic"]
    rows[key] = rows[key]._replace(**{field: value})  # type: ignore[arg-type]
    assert told(audit(tables, SYNTHETIC))[0] == ("market_ohlcv", "differs", field)


def test_sessions_and_quotes_are_passed_over_and_counted() -> None:
    world = World(Settings(process=SHORT))
    opens_ns = START_NS - START_NS % (1440 * MINUTE_NS) + 15 * 60 * MINUTE_NS  # 15:00Z on a Thursday: New York is open
    for number in range(1, 5):
        at_ns = opens_ns + number * MINUTE_NS
        ticks: list[Trade | Quote] = [
            Trade("AAPL", "100", "1", at_ns, at_ns, number, "buy"),
            Quote("EUR-USD", "1.08", "1", "1.09", "1", at_ns, at_ns, number),
        ]
        world.feed(envelope(ticks))
    closes_ns = calendar_of("fx").period(next(t for t in ProcessSettings().timeframes if t == "1M"), opens_ns)[1]  # type: ignore[index]
    world.feed(Watermark("binance", 0, closes_ns + MINUTE_NS, closes_ns, 0))
    report = audit(world.tables(), world.settings)
    assert told(report) == []
    assert report.notes["bars not compared: their days are sessions of the market"] == 4
    assert report.notes["bars not compared: they are built from quotes"] > 10


def test_bars_of_a_venue_are_passed_over() -> None:
    tables = silent_tables()
    report = audit(tables, Settings(process=SHORT.model_copy(update={"provider_bars": ("binance",)})))
    assert report.notes["bars not compared: the venue built them"] == sum(len(rows) for rows in tables.bar_rows.values())


def test_markets_by_name() -> None:
    assert [market_of(symbol, {"XAU-USD": "fx"}) for symbol in ("AAPL", "EUR-USD", "BTC-USD", "XAU-USD")] == [
        "equity",
        "fx",
        "crypto",
        "fx",
    ]
    assert _FIAT == FIAT, "two lists, so that a slip in one shows"
