"""Rows as events: what a file says, what it leaves out, and real files of vendors."""

import gzip
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from runtime.errors import UserError
from runtime.settings import Settings
from schemas.bars import ProviderBar
from schemas.reasons import Reason
from schemas.ticks import Quote, Trade
from schemas.timeframes import DAY_NS, HOUR_NS, MINUTE_NS
from tickerplant.importing.files import Table
from tickerplant.importing.findings import Findings
from tickerplant.importing.numbering import Numbering
from tickerplant.importing.plan import recipe_of
from tickerplant.importing.reading import Refused, events
from tickerplant.importing.recipe import Options
from tickerplant.importing.ticks import Event
from tickerplant.importing.trial import try_out
from tickerplant.importing.walk import Walk

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recorded data is not at {DATA}")
LEAN_COLUMNS = ("time", "open", "high", "low", "close", "volume")
NINE_NS = 1_723_194_000 * 10**9  # 2024-08-09 09:00 UTC, a Friday


def read(path: Path, options: Options, names: tuple[str, ...] = (), told: dict[str, str] | None = None) -> list[Event | Refused]:
    table = Table(path, names)
    return list(events(table, recipe_of([table], {name: name for name in names} | (told or {}), None, options)))


def bars(path: Path, options: Options, names: tuple[str, ...] = ()) -> list[ProviderBar]:
    found = [event.bar for event in read(path, options, names) if isinstance(event, Event)]
    return [bar for bar in found if bar is not None]


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_trade_says_what_its_row_says(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", f"ts;ticker;px;qty;is_buyer_maker;id\n{NINE_NS // 10**6};BTCUSDT;1e2;0.50;true;7\n")
    (event,) = read(path, Options(rename={"BTCUSDT": "BTC-USDT"}), told={"price": "px"})
    assert isinstance(event, Event)
    assert event.source == "file"
    assert event.tick == Trade("BTC-USDT", "100", "0.50", NINE_NS, NINE_NS, 7, "sell", primary=False)


def test_a_quote_without_numbers_is_numbered_by_its_time(tmp_path: Path) -> None:
    path = write(tmp_path / "q.csv", "time,symbol,bid,ask\n" + "2024-08-09 09:00:00,eur/usd,1.09,1.1\n" * 3)
    numbering, found = Numbering(), []
    for event in read(path, Options(source="dealer")):
        assert isinstance(event, Event)
        assert isinstance(event.tick, Quote)
        numbering.number(event.tick, event.source)
        found.append((event.tick.symbol, event.tick.bid_size, event.tick.update_id))
    assert found == [("EUR-USD", "0", NINE_NS), ("EUR-USD", "0", NINE_NS + 1), ("EUR-USD", "0", NINE_NS + 2)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [("2024-08-09,100", Reason.MISSING_FIELD), ("never,100,1", Reason.INVALID_FIELD), ("2024-08-09,,1", Reason.MISSING_FIELD), ("\x00,1,1", Reason.INVALID_FIELD)],
)  # fmt: skip
def test_a_row_that_is_no_event_is_told_with_its_place(tmp_path: Path, row: str, reason: Reason) -> None:
    path = write(tmp_path / "t.csv", f"time,price,size\n2024-08-09,1,1\n{row}\n")
    good, wrong = read(path, Options(symbol="BTC-USDT"))
    assert isinstance(good, Event)
    assert isinstance(wrong, Refused)
    assert (str(wrong.place), wrong.reason, wrong.text) == ("t.csv:3", reason, row)


def test_bars_at_their_end_and_what_a_file_leaves_out(tmp_path: Path) -> None:
    path = write(
        tmp_path / "b.csv",
        "time,open,high,low,close,volume,quote_volume\n2024-08-09T09:00Z,10,12,9,11,2,21\n2024-08-09T10:00Z,11,11,11,11,0,0\n",
    )
    first, second = bars(path, Options(symbol="BTC-USD", bars_end=True))
    assert (first.timeframe, first.ts_open_ns, first.ts_close_ns, first.known_at_ns) == ("1h", NINE_NS - HOUR_NS, NINE_NS, NINE_NS)
    assert (first.vwap, first.primary, second.vwap) == ("10.5", False, "11")
    plain = write(tmp_path / "p.csv", "date,open,high,low,close\n2024-08-09,10,12,9,11\n")
    (bar,) = bars(plain, Options(symbol="BTC-USD", timeframe="1d", known_at_ns=5))
    assert (bar.ts_close_ns - bar.ts_open_ns, bar.volume, bar.quote_volume, bar.vwap, bar.known_at_ns) == (DAY_NS, "0", "0", "11", 5)


def test_a_day_of_an_exchange_is_its_session(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", "date,open,high,low,close\n2024-08-09,10,12,9,11\n2024-08-10,10,12,9,11\n")
    friday, saturday = bars(path, Options(symbol="AAPL", timeframe="1d"))
    opens_ns = NINE_NS + 4 * HOUR_NS + 30 * MINUTE_NS
    assert (friday.ts_open_ns, friday.ts_close_ns) == (opens_ns, opens_ns + 6 * HOUR_NS + 30 * MINUTE_NS)
    assert saturday.ts_close_ns - saturday.ts_open_ns == DAY_NS  # kept as UTC's: another exchange may be open


@needs_data
def test_minutes_of_a_vendor_add_up_to_its_day() -> None:
    lean = DATA / "lean" / "equity" / "usa"
    scale = Options(symbol="AAPL", price_scale=Decimal("0.0001"), timeframe="1d")
    by_open = {bar.ts_open_ns: bar for bar in bars(lean / "daily" / "aapl.zip", scale, LEAN_COLUMNS)}
    path = lean / "minute" / "aapl" / "20140606_trade.zip"
    minutes = bars(path, Options(symbol="AAPL", zone="America/New_York", day=date(2014, 6, 6), price_scale=Decimal("0.0001")), LEAN_COLUMNS)
    with zipfile.ZipFile(path) as archive:
        assert len(minutes) == archive.read(archive.namelist()[0]).count(b"\n") + 1
    day = next(bar for bar in by_open.values() if bar.ts_open_ns <= minutes[400].ts_open_ns < bar.ts_close_ns)
    session = [bar for bar in minutes if day.ts_open_ns <= bar.ts_open_ns < day.ts_close_ns]
    assert len(session) == 390
    assert sum(Decimal(bar.volume) for bar in session) == Decimal(day.volume)
    assert session[-1].close == day.close


def tried(path: Path, options: Options, tmp_path: Path) -> Findings:
    tables = [Table(path)]
    settings = Settings(data_dir=tmp_path)
    return try_out(Walk(settings, tables, recipe_of(tables, {}, None, options), lambda text: None), settings)


@needs_data
@pytest.mark.parametrize(
    ("name", "refused", "marked"),
    [("AET-L-1d-100x-error", "price_scale", ""), ("SSW-JO-1d-100x-error", "price_scale", ""), ("LA-V-1d-bad-stock-split", "", "split_suspected"),
     ("AET-L-1d-100x-error-fixed", "", ""), ("LA-V-1d-bad-stock-split-fixed", "", "")],
)  # fmt: skip
def test_a_dry_run_finds_a_vendors_real_defects(tmp_path: Path, name: str, refused: str, marked: str) -> None:
    path = DATA / "yfinance" / f"{name}.csv"
    if not path.is_file():
        pytest.skip(f"there is no {path.name}")
    options = Options(symbol="XYZ", known_at_ns=NINE_NS)
    findings = tried(path, options, tmp_path)
    assert findings.rows == path.read_text().count("\n") - 1
    assert (refused in findings.refused) if refused else not findings.refused
    assert (marked in findings.marked) if marked else "split_suspected" not in findings.marked


@needs_data
def test_a_file_in_the_wrong_order_is_sorted(tmp_path: Path) -> None:
    """Alpha Vantage writes the newest row first, in New York's time."""
    findings = tried(DATA / "alpha_vantage" / "mock_time_series_extended.csv", Options(symbol="IBM", zone="America/New_York"), tmp_path)
    assert (findings.rows, dict(findings.refused)) == (11_190, {})
    assert list(findings.spans) == ["IBM file-bars 1m"]


def test_files_that_are_none(tmp_path: Path) -> None:
    cases = {
        "empty.csv": (b"", "is empty"),
        "t.csv": (b"1,2,3\n", "has no header"),
        "t.parquet": (b"PAR1", "is no Parquet file"),
        "t.zip": (b"PK", "cannot be read"),
        "long.csv": (b"time,price,size\n" + b"1" * 70_000, "a line of more than"),
        "t.csv.gz": (gzip.compress(b"time,price,size\n1,1,1\n" * 9_000)[:-30], "cannot be read"),
    }
    for name, (content, said) in cases.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=said):
            read(tmp_path / name, Options(symbol="BTC-USDT"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time,price,size\n2024-08-09,1,1\n", "whose rows are these"),
        ("time,symbol,open,high,low,close\n2024-08-09,A,1,1,1,1\n", "which timeframe"),
    ],
)
def test_what_cannot_be_guessed_is_asked_for(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read(write(tmp_path / "t.csv", text), Options())
