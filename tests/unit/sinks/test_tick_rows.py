"""Rows of market_ticks as COPY text."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.ticks import TickEnvelope
from sinks.timescale.ticks import COLUMNS, tick_rows
from tests.sinks_world import T0_NS, quote, trade
from tests.unit.sinks.test_copy_text import unescaped

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
