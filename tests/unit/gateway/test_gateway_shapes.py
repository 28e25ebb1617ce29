"""The messages of S2 12.2, field by field."""

import json
from decimal import Decimal
from typing import Any

import pytest

from gateway.series import Channel, Event, Placed
from gateway.shapes import encode
from gateway.variant import PLAIN, Variant
from tests.gateway_events import START_NS, bar, indicators, quote, signal, trade


def place(event: Event, channel: Channel, **more: Any) -> Placed:
    given: Any = event
    return Placed(channel, given.symbol, "binance", getattr(given, "timeframe", ""), True, 3, 1234, 7, "trace-9", **more)


def message(event: Event, channel: Channel, variant: Variant = PLAIN, prev: str | None = "1234.6") -> dict[str, Any]:
    placed = place(event, channel, ts_receive_ns=START_NS + 5)
    decoded: dict[str, Any] = json.loads(encode(placed, event, prev, "epoch-1", variant), parse_float=Decimal)
    return decoded


def test_trade_has_the_plans_fields_first_and_the_venues_digits() -> None:
    tick = trade(1, price="45000.50", size="1.2500")
    body = encode(place(tick, Channel.TICKS), tick, None, "e", PLAIN)
    assert b'"price":45000.50,"volume":1.2500,"source":"binance"' in body
    found = message(trade(1), Channel.TICKS)
    assert list(found)[:6] == ["channel", "symbol", "timestamp", "price", "volume", "source"]
    assert found["timestamp"] == "2024-08-08T23:58:00.001Z"
    assert (found["kind"], found["side"], found["trade_id"], found["source_seq"]) == ("trade", "buy", 3_735_683_259, 1)


def test_every_message_says_where_it_stands() -> None:
    for event, channel in (
        (trade(1), Channel.TICKS),
        (bar(0), Channel.OHLCV),
        (indicators(0), Channel.INDICATORS),
        (signal(0), Channel.SIGNALS),
    ):
        found = message(event, channel)
        standing = {name: found[name] for name in ("channel", "partition", "seq", "prev", "epoch", "trace", "primary")}
        expected = {"channel": channel, "partition": 3, "seq": "1234.7", "prev": "1234.6", "epoch": "epoch-1", "trace": "trace-9"}
        assert standing == {**expected, "primary": True}


def test_first_message_of_a_series_has_no_predecessor() -> None:
    assert message(trade(1), Channel.TICKS, prev=None)["prev"] is None


def test_quote_has_both_sides_and_no_price() -> None:
    found = message(quote(2, reasons=("crossed_quote",), quality=0.5), Channel.TICKS)
    assert {found[name] for name in ("bid", "bid_size", "ask", "ask_size")} == {
        Decimal("61651.90"),
        Decimal("1.5"),
        Decimal("61652.00"),
        Decimal("0.25"),
    }
    assert "price" not in found
    assert "volume" not in found
    assert (found["kind"], found["quality"], found["reasons"]) == ("quote", Decimal("0.5"), ["crossed_quote"])


def test_bar_is_stamped_with_its_opening_time() -> None:
    found = message(bar(1, kind="corrected", revision=2), Channel.OHLCV)
    assert list(found)[:9] == ["channel", "symbol", "timeframe", "timestamp", "open", "high", "low", "close", "volume"]
    assert (found["timestamp"], found["close"], found["volume"]) == ("2024-08-08T23:59:00Z", Decimal("61717.63"), Decimal("77.14202"))
    assert (found["kind"], found["revision"], found["trade_count"]) == ("corrected", 2, 3216)


def test_indicators_come_by_key_with_values_and_warmth() -> None:
    found = message(indicators(0), Channel.INDICATORS)["indicators"]
    assert list(found) == ["rsi_14", "macd_12_26_9", "momentum_10"]
    assert found["rsi_14"]["values"] == {"value": Decimal("41.25")}
    assert found["macd_12_26_9"]["warm"] is True


@pytest.mark.parametrize("wanted", ["rsi", "rsi_14"])
def test_one_indicator_by_name_or_key(wanted: str) -> None:
    assert list(message(indicators(0), Channel.INDICATORS, Variant(False, (wanted,)))["indicators"]) == ["rsi_14"]


def test_signal_explains_itself() -> None:
    found = message(signal(0), Channel.SIGNALS)
    assert (found["signal"], found["action"], found["decided_by"], found["status"]) == (-1, "sell", "macd", "ok")
    assert found["components"]["macd"]["signal"] == -1
    assert found["valid_until"] == "2024-08-09T00:00:00Z"


def test_numbers_as_strings_keep_the_text() -> None:
    tick = message(trade(1, price="61652.00"), Channel.TICKS, Variant(strings=True))
    assert (tick["price"], tick["volume"], tick["ts_event_ns"]) == ("61652.00", "0.10300", str(START_NS + 1_000_000))
    assert message(bar(0), Channel.OHLCV, Variant(strings=True))["vwap"] == "61660.1234567891"
