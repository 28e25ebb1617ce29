"""A capture against tables: its own reader, and a wrong row of each kind."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import UserError
from runtime.settings import Settings
from schemas.ticks import Quote, Trade
from tests.memory_tables import MemoryTables
from tests.verify_world import World, audit, envelope, told
from tickerplant.verify.capture_file import Capture, read_captures
from tickerplant.verify.rows import GapRow
from tickerplant.verify.store import Series

BTC = Series("BTC-USDT", "binance")
START_NS = 1_723_161_240_000_000_000
SECOND_NS = 1_000_000_000


def frame(stream: str, **data: Any) -> str:
    return json.dumps({"stream": f"btcusdt@{stream}", "data": {"s": "BTCUSDT", **data}})


def lines() -> list[str]:
    """Ten trades and ten quotes, two a second each ten seconds; between them what is no tick, and what was sent twice."""
    found = [f'{START_NS} {{"lastUpdateId":5,"bids":[],"asks":[]}}']
    for number in range(10):
        at_ns = START_NS + number * 10 * SECOND_NS
        found.append(
            f"{at_ns} {frame('trade', e='trade', t=100 + number, p=f'6000{number}.10000000', q='0.50000000', T=at_ns // 1_000_000, m=number % 2 == 0)}"
        )
        found.append(f"{at_ns} {frame('bookTicker', u=500 + 2 * number, b='60000.10', B='1.5', a='60000.20', A='2.5')}")
    found.append(f"{START_NS} {frame('depth@100ms', e='depthUpdate', U=1, u=2, b=[], a=[])}")
    found.append(f"{START_NS} {frame('trade', e='trade', t=111, p='-1', q='1', T=1, m=True)}")
    found.append(f"{START_NS} {frame('bookTicker', u=500, b='1', B='1', a='2', A='1')}")
    found.append(f"{START_NS} {{broken")
    return found


@pytest.fixture
def capture(tmp_path: Path) -> Capture:
    path = tmp_path / "capture.txt"
    path.write_text("\n".join(lines()) + "\n")
    return read_captures([path])


@pytest.fixture
def tables() -> MemoryTables:
    world = World(Settings())
    for number in range(10):
        at_ns = START_NS + number * 10 * SECOND_NS
        side = "sell" if number % 2 == 0 else "buy"
        world.feed(
            envelope(
                [
                    Trade("BTC-USDT", f"6000{number}.1", "0.5", at_ns, at_ns, 100 + number, side),  # type: ignore[arg-type]
                    Quote("BTC-USDT", "60000.10", "1.5", "60000.20", "2.5", at_ns, at_ns, 500 + 2 * number, True),
                ]
            )
        )
    return world.tables()


def judged(tables: MemoryTables, capture: Capture) -> list[tuple[str, str, str]]:
    return told(audit(tables, Settings(), capture=("binance", capture)))


def test_reader(capture: Capture) -> None:
    [symbol] = capture.symbols
    assert symbol == "BTCUSDT"
    content = capture.symbols[symbol]
    assert len(content.trades) == len(content.quotes) == 10
    assert content.trades[101] == (Decimal("60001.1"), Decimal("0.5"), "buy", START_NS + 10 * SECOND_NS)
    assert content.quotes[500] == (Decimal("60000.1"), Decimal("1.5"), Decimal("60000.2"), Decimal("2.5"))
    assert capture.refused == 2


def test_packed_and_plain_are_the_same(tmp_path: Path, capture: Capture) -> None:
    path = tmp_path / "capture.gz"
    path.write_bytes(gzip.compress("\n".join(lines()).encode()))
    assert read_captures([path]) == capture


def test_two_files_join(tmp_path: Path, capture: Capture) -> None:
    parts = [tmp_path / "a", tmp_path / "b"]
    parts[0].write_text("\n".join(lines()[:9]))
    parts[1].write_text("\n".join(lines()[9:]))
    assert read_captures(parts).symbols == capture.symbols


@pytest.mark.parametrize("content", [b"no capture\n", b"\x1f\x8bbroken", b"\xff\xfe\n"])
def test_what_is_no_capture_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(UserError, match=str(path)):
        read_captures([path])


def test_missing_file() -> None:
    with pytest.raises(UserError, match="/nowhere"):
        read_captures([Path("/nowhere")])


def test_right_tables_pass(tables: MemoryTables, capture: Capture) -> None:
    report = audit(tables, Settings(), capture=("binance", capture))
    assert told(report) == []
    assert report.compared["captured trades"] == 10
    assert report.compared["captured quotes"] == 10


@pytest.mark.parametrize(
    ("seq", "field", "value"),
    [
        (3, "price", Decimal("60001.2")),
        (3, "volume", Decimal("0.6")),
        (3, "side", "sell"),
        (3, "ts_event_ns", START_NS + 1),
        (4, "bid", Decimal("60000.11")),
        (4, "bid_size", Decimal("1.6")),
        (4, "ask", Decimal("60000.21")),
        (4, "ask_size", Decimal("2.6")),
    ],
)
def test_a_changed_tick(tables: MemoryTables, capture: Capture, seq: int, field: str, value: Any) -> None:
    rows = tables.tick_rows[BTC]
    rows[seq - 1] = rows[seq - 1]._replace(**{field: value})
    assert ("market_ticks", "differs", field) in judged(tables, capture)


def test_a_lost_and_an_invented_trade(tables: MemoryTables, capture: Capture) -> None:
    rows = tables.tick_rows[BTC]
    rows[18] = rows[18]._replace(trade_id="999")
    found = [d.sentence() for d in audit(tables, Settings(), capture=("binance", capture)).differences]
    assert "market_ticks: BTC-USDT binance trade 999: should not be there: the capture has no such trade" in found
    assert "market_ticks: BTC-USDT binance trade 109: missing: it is in the capture" in found


def test_a_lost_quote_is_excused_by_a_reported_gap_only(tables: MemoryTables, capture: Capture) -> None:
    rows = tables.tick_rows[BTC]
    tables.tick_rows[BTC] = [row._replace(seq=row.seq - (row.seq > 6)) for row in rows if row.seq != 6]  # update 504 never came
    assert judged(tables, capture) == [("market_ticks", "missing", "")]
    gap = GapRow("binance:BTC-USDT:quote:502:506", "quote", "unfillable", 502, 506, 3, 0)
    tables.gap_rows[BTC][gap.gap_id] = gap
    report = audit(tables, Settings(), capture=("binance", capture))
    assert told(report) == []
    assert report.notes["BTC-USDT binance: quotes of the capture that lie in reported gaps"] == 1


def test_ticks_and_bars_that_agree_with_each_other_but_not_with_the_capture(capture: Capture) -> None:
    """What an error before validate would make: all tables consistent, all wrong."""
    world = World(Settings())
    for number in range(10):
        at_ns = START_NS + number * 10 * SECOND_NS
        world.feed(envelope([Trade("BTC-USDT", "60000", "0.5", at_ns, at_ns, 100 + number, "buy")]))
    assert told(audit(world.tables(), Settings())) == []
    found = judged(world.tables(), capture)
    assert ("market_ticks", "differs", "price") in found
    assert ("market_ohlcv", "differs", "high_price") in found


def test_a_missing_bar_is_missing_twice_over(tables: MemoryTables, capture: Capture) -> None:
    del tables.bar_rows[BTC, "1m"][START_NS]
    assert judged(tables, capture).count(("market_ohlcv", "missing", "")) == 2


def test_nothing_stored_of_the_capture(capture: Capture) -> None:
    assert judged(MemoryTables(), capture) == [("market_ticks", "missing", "")]
