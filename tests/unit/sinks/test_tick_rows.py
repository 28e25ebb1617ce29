"""Rows of market_ticks as COPY text."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.ticks import TickEnvelope
from schemas.topics import Topic
from sinks.timescale.ticks import COLUMNS, TickWriter, tick_rows
from tests.sink_events import T0_NS, quote, record, trade
from tests.unit.sinks.test_copy_text import unescaped

# Where the fast builder's rows could differ from the plain one's: times before 1970, marks of all kinds.
_MARKS: dict[str, st.SearchStrategy[Any]] = {
    "ts_event_ns": st.integers(-(10**18), 10**19) | st.integers(-(10**10), 10**10),
    "ts_ingest_ns": st.integers(-(10**18), 10**19),
    "quality": st.sampled_from([1.0, 0.0, 0.1 + 0.2, 1e-17]),
    "reasons": st.lists(st.text("abc_ {},\"'é", min_size=1), max_size=3).map(tuple),
    "primary": st.booleans(),
    "primary_epoch": st.integers(0, 3),
}
_OF_A_TRADE = st.fixed_dictionaries({}, optional={**_MARKS, "filled": st.booleans(), "side": st.sampled_from(["buy", "sell", ""])})
_OF_A_QUOTE = st.fixed_dictionaries({}, optional={**_MARKS, "event_time_is_receive": st.booleans()})
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


def fields(text: bytes) -> list[dict[str, str]]:
    lines = text.decode().split("\n")
    assert lines.pop() == ""
    return [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines]


def test_a_trade_and_a_quote() -> None:
    tick = trade(1, reasons=("late", "out_of_order"), quality=0.8, filled=True, primary=False, primary_epoch=3)
    first, second = fields(tick_rows(TickEnvelope("binance", T0_NS, [tick, quote(2)])))
    assert first == {
        **dict.fromkeys(COLUMNS, ""),
        "timestamp": "2024-08-08 23:58:00.001000+00",
        "symbol": "BTC-USDT",
        "source": "binance",
        "kind": "trade",
        "price": "61001.01000000",
        "volume": "0.00123000",
        "side": "buy",
        "trade_id": "3735683001",
        "seq": "1",
        "quality_score": "0.8",
        "reasons": "{late,out_of_order}",
        "ts_event_ns": str(T0_NS + 1_000_003),
        "ts_ingest_ns": str(T0_NS + 1_000_008),
        "event_time_is_receive": "f",
        "filled": "t",
        "is_primary": "f",
        "primary_epoch": "3",
    }
    assert (second["kind"], second["price"], second["bid"], second["ask_size"]) == ("quote", "", "61652.01000000", "1.25")
    assert (second["update_id"], second["reasons"], second["event_time_is_receive"]) == ("49999999002", "{}", "t")


@given(_TEXT, _TEXT, _TEXT, _TEXT)
def test_any_text_stays_in_its_field(symbol: str, price: str, trade_id: str, source: str) -> None:
    ticks = [trade(1), trade(2, symbol=symbol, price=price, trade_id=trade_id), quote(3, bid=price)]
    plain, odd, last = fields(tick_rows(TickEnvelope(source, T0_NS, ticks)))
    assert [unescaped(odd[name]) for name in ("symbol", "price", "trade_id", "source")] == [symbol, price, trade_id, source]
    assert (plain["price"], unescaped(last["bid"]), last["seq"]) == ("61001.01000000", price, "3")


@given(st.lists(_OF_A_TRADE.map(lambda changes: trade(1, **changes)) | _OF_A_QUOTE.map(lambda changes: quote(2, **changes)), max_size=5))
def test_rows_built_fast_are_the_same(ticks: list[Any]) -> None:
    envelope = TickEnvelope("binance", T0_NS, ticks)
    assert tick_rows(envelope, plain=True) == tick_rows(envelope)
    assert TickWriter().block(record(Topic.TICKS, 0, envelope)).text == tick_rows(envelope)


def test_more_seconds_than_are_kept() -> None:
    hours = [trade(seq, ts_event_ns=T0_NS + seq * 1_000_000_000) for seq in range(10_000)]
    assert tick_rows(TickEnvelope("binance", T0_NS, hours), plain=True) == tick_rows(TickEnvelope("binance", T0_NS, hours))
