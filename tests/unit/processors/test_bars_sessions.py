"""Bars of markets that close: days by session, intraday by UTC."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from processors.bars.core import BarsCore
from runtime.settings import ProcessSettings
from schemas.bars import Bar
from schemas.ticks import Tick, Trade
from schemas.timeframes import SECOND_NS, Timeframe
from schemas.topics import Topic
from tests.unit.processors.inputs import events, final_bars, quote, run, ticks_record, trade, watermark_record

NEW_YORK = ZoneInfo("America/New_York")
DAYS = ProcessSettings(timeframes=(Timeframe.H1, Timeframe.D1, Timeframe.W1))
Key = tuple[str, str]  # timeframe, opening in New York


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).timestamp()) * SECOND_NS


def aapl(number: int, when: str, price: str, size: str = "1") -> Trade:
    return trade(number, price=price, size=size, symbol="AAPL", ts_event_ns=at(when), ts_ingest_ns=at(when))


def bars_of(ticks: Sequence[Tick], *, settings: ProcessSettings = DAYS, end: str = "2024-12-31 12:00") -> dict[Key, Bar]:
    end_s = (at(end) - trade(0).ts_event_ns) / SECOND_NS
    outputs = run(BarsCore(settings), [ticks_record(ticks, topic=Topic.TICKS), watermark_record(end_s, 1)])
    return {(timeframe, _told(ts_open_ns)): bar for (_, _, timeframe, ts_open_ns), bar in final_bars(outputs).items()}


def _told(ts_ns: int) -> str:
    return datetime.fromtimestamp(ts_ns // SECOND_NS, NEW_YORK).strftime("%m-%d %H:%M")


def test_a_stocks_day_is_its_session_and_trades_outside_are_in_intraday_bars_only() -> None:
    bars = bars_of(
        [
            aapl(1, "2024-07-02 08:00", "90"),  # before the opening
            aapl(2, "2024-07-02 09:30", "100"),
            aapl(3, "2024-07-02 15:59:59", "104"),
            aapl(4, "2024-07-02 16:00", "200"),  # after the close
            aapl(5, "2024-07-03 12:59", "103"),  # closes early
            aapl(6, "2024-07-03 14:00", "300"),
            aapl(7, "2024-07-05 10:00", "101"),
        ]
    )
    days = {key[1]: bar for key, bar in bars.items() if key[0] == "1d"}
    assert [(key, bar.open, bar.high, bar.close, bar.trade_count) for key, bar in days.items()] == [
        ("07-02 09:30", "100", "104", "104", 2),
        ("07-03 09:30", "103", "103", "103", 1),
        ("07-05 09:30", "101", "101", "101", 1),
    ]
    assert _told(days["07-03 09:30"].ts_close_ns) == "07-03 13:00"
    week = bars["1w", "07-01 09:30"]
    assert (week.open, week.high, week.low, week.close, week.volume) == ("100", "104", "100", "101", "4")
    assert _told(week.ts_close_ns) == "07-05 16:00"
    hours = [key[1] for key in bars if key[0] == "1h"]
    assert hours == ["07-02 08:00", "07-02 09:00", "07-02 15:00", "07-02 16:00", "07-03 12:00", "07-03 14:00", "07-05 10:00"]


def test_a_day_is_incomplete_by_its_own_first_trade() -> None:
    """Not by one before the session: that one is not in it."""
    bars = bars_of([aapl(1, "2024-07-02 08:00", "90"), aapl(2, "2024-07-02 12:45", "100")])
    assert (bars["1d", "07-02 09:30"].quality, bars["1d", "07-02 09:30"].kind) == (0.5, "incomplete")


def test_a_late_trade_of_the_session_corrects_its_day() -> None:
    core = BarsCore(DAYS)
    close_s = (at("2024-07-02 16:00:02") - trade(0).ts_event_ns) / SECOND_NS
    first = [ticks_record([aapl(1, "2024-07-02 15:30", "100"), aapl(2, "2024-07-02 16:00:01", "90")], topic=Topic.TICKS)]
    run(core, [*first, watermark_record(close_s, 1)])
    after_close = ticks_record([aapl(3, "2024-07-02 16:00", "80")], 2, Topic.TICKS)
    assert run(core, [after_close]) == []  # the minute of 16:00 is open, and in no day
    outputs = run(core, [ticks_record([aapl(4, "2024-07-02 15:30:30", "110")], 3, Topic.TICKS)])
    assert [(bar.timeframe, bar.high) for bar in events(outputs, Topic.BARS)] == [("1m", "110"), ("1h", "110"), ("1d", "110")]


def test_fx_days_end_at_17_new_york_and_are_built_from_quotes() -> None:
    ticks = [
        _eur(1, "2024-07-04 16:59", "1.0800", "1.0802"),
        _eur(2, "2024-07-04 17:00", "1.0810", "1.0813"),
        _eur(3, "2024-07-05 16:59:59", "1.0790", "1.0795"),
        _eur(4, "2024-07-05 17:30", "1.5", "1.6"),  # the market is closed
        _eur(5, "2024-07-07 17:00", "1.0820", "1.0822"),
    ]
    bars = bars_of(ticks)
    assert [key[1] for key in bars if key[0] == "1d"] == ["07-03 17:00", "07-04 17:00", "07-07 17:00"]
    friday = bars["1d", "07-04 17:00"]
    assert (friday.open, friday.high, friday.low, friday.close) == ("1.08115", "1.08115", "1.07925", "1.07925")
    assert (friday.volume, friday.quote_volume, friday.vwap, friday.trade_count, friday.quote_count) == ("0", "0", "1.07925", 0, 2)
    assert friday.price_basis == "mid"
    assert friday.sides is not None
    assert (friday.sides.bid_open, friday.sides.bid_low, friday.sides.ask_high, friday.sides.ask_close) == (
        "1.081", "1.079", "1.0813", "1.0795",
    )  # fmt: skip
    week = bars["1w", "06-30 17:00"]
    assert (week.quote_count, _told(week.ts_close_ns)) == (3, "07-05 17:00")
    assert ("1h", "07-05 17:00") in bars


def _eur(number: int, when: str, bid: str, ask: str) -> Tick:
    return quote(number, bid, ask, "EUR-USD", ts_event_ns=at(when), ts_ingest_ns=at(when), seq=number)


def test_trades_of_a_quoted_market_build_no_bars_and_quotes_of_others_neither() -> None:
    trades = [trade(1, 10, symbol="EUR-USD"), quote(1, symbol="BTC-USDT")]
    assert bars_of(trades) == {}
    by_trades = ProcessSettings(timeframes=(Timeframe.M1,), quote_bars=())
    assert [bar.price_basis for bar in bars_of(trades, settings=by_trades).values()] == ["trade"]
    by_quotes = ProcessSettings(timeframes=(Timeframe.M1,), asset_classes={"BTC-USDT": "fx"})
    assert [(bar.symbol, bar.close) for bar in bars_of(trades, settings=by_quotes).values()] == [("BTC-USDT", "100")]


def test_the_order_of_quotes_does_not_matter() -> None:
    ticks = [_eur(n, f"2024-07-04 12:00:{n % 7:02}", f"1.0{n * 37 % 90 + 10}", f"1.2{n * 53 % 90 + 10}") for n in range(1, 30)]
    assert bars_of(ticks, settings=ProcessSettings(grace_s=60)) == bars_of(ticks[::-1], settings=ProcessSettings(grace_s=60))
