import pytest

from processors.forms import is_symbol
from processors.validate.rules import AHEAD_NS, EARLIEST_NS, MAX_ID, envelope_fault, fault_of, watermark_fault
from schemas.reasons import Reason
from schemas.ticks import TickEnvelope, Watermark
from tests.unit.processors.inputs import T0_NS, quote, trade


@pytest.mark.parametrize("price", ["61652.00", "0.00000001", "1", "999999999999999999999999.999999999999999999999999"])
def test_a_positive_decimal_is_a_price(price: str) -> None:
    assert fault_of(trade(price=price, size=price)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "nan",
        "NaN",
        "inf",
        "Infinity",
        "1e5",
        "1E-5",
        "1_000",
        " 1",
        "1 ",
        "+1",
        ".5",
        "5.",
        "01",
        "1,5",
        "--1",
        "٣",
        "²",
        "1" * 25,
        "0." + "0" * 24 + "1",
    ],
)
def test_what_is_no_plain_decimal_is_refused_in_every_field(text: str) -> None:
    for tick in (trade(price=text), trade(size=text), quote(bid=text), quote(ask=text), quote(bid_size=text), quote(ask_size=text)):
        fault = fault_of(tick)
        assert fault is not None
        assert fault[0] is Reason.NOT_A_NUMBER


@pytest.mark.parametrize("text", ["0", "0.000", "-0", "-1", "-0.00000001"])
def test_prices_and_traded_sizes_are_positive(text: str) -> None:
    cases = {Reason.NON_POSITIVE_PRICE: [trade(price=text), quote(bid=text), quote(ask=text)], Reason.NON_POSITIVE_SIZE: [trade(size=text)]}
    for reason, ticks in cases.items():
        assert [fault_of(tick)[0] for tick in ticks] == [reason] * len(ticks)  # type: ignore[index]


def test_a_quoted_size_may_be_zero_but_not_negative() -> None:
    assert fault_of(quote(bid_size="0", ask_size="0.00")) is None
    assert fault_of(quote(ask_size="-1")) == (Reason.NON_POSITIVE_SIZE, "ask_size is -1")


@pytest.mark.parametrize(
    ("ts_event_ns", "good"),
    [
        (EARLIEST_NS, True),
        (EARLIEST_NS - 1, False),
        (0, False),
        (-5, False),
        (T0_NS + AHEAD_NS, True),
        (T0_NS + AHEAD_NS + 1, False),
        (10**30, False),
    ],
)
def test_event_times_lie_between_1990_and_ten_minutes_after_receipt(ts_event_ns: int, good: bool) -> None:
    for tick in (trade(ts_event_ns=ts_event_ns, ts_ingest_ns=T0_NS), quote(ts_event_ns=ts_event_ns, ts_ingest_ns=T0_NS)):
        fault = fault_of(tick)
        assert (fault is None) is good
        assert good or (fault and fault[0] is Reason.TIME_OUT_OF_RANGE)


def test_how_far_ahead_is_a_setting() -> None:
    assert AHEAD_NS == 600 * 1_000_000_000
    tick = trade(ts_event_ns=T0_NS + 61, ts_ingest_ns=T0_NS)
    assert fault_of(tick, 61) is None
    assert fault_of(tick, 60)[0] is Reason.TIME_OUT_OF_RANGE  # type: ignore[index]


def test_a_receipt_before_the_event_is_not_refused() -> None:
    assert fault_of(trade(ts_event_ns=T0_NS, ts_ingest_ns=T0_NS - 1_270_000_000)) is None


def test_a_receipt_beyond_the_calendar_is_refused() -> None:
    assert fault_of(trade(ts_event_ns=T0_NS, ts_ingest_ns=2**63))[0] is Reason.TIME_OUT_OF_RANGE  # type: ignore[index]


@pytest.mark.parametrize(
    ("trade_id", "good"),
    [(0, True), (MAX_ID, True), (MAX_ID + 1, False), (-1, False), ("a-1", True), ("", False), ("x" * 65, False), ("a\x00", False)],
)
def test_trade_ids(trade_id: int | str, good: bool) -> None:
    fault = fault_of(trade(trade_id=trade_id))
    assert fault is None if good else fault and fault[0] is Reason.INVALID_FIELD


def test_the_first_fault_counts() -> None:
    assert fault_of(trade(price="x", size="-1", ts_event_ns=0))[0] is Reason.NOT_A_NUMBER  # type: ignore[index]


@pytest.mark.parametrize(
    ("symbol", "good"),
    [("BTC-USDT", True), ("BRK.B", True), ("", False), ("A,B", False), ("A:B", False), ("A|B", False), ("X" * 33, False)],
)
def test_symbols_cannot_break_headers_and_keys(symbol: str, good: bool) -> None:
    assert is_symbol(symbol) is good


def test_a_watermark_from_the_future_is_refused() -> None:
    assert watermark_fault(Watermark("binance", 0, T0_NS, T0_NS, T0_NS)) is None
    assert watermark_fault(Watermark("binance", 0, T0_NS + AHEAD_NS + 1, T0_NS, T0_NS))[0] is Reason.TIME_OUT_OF_RANGE  # type: ignore[index]
    assert watermark_fault(Watermark("Bin:ance", 0, T0_NS, T0_NS, T0_NS))[0] is Reason.INVALID_FIELD  # type: ignore[index]


def test_an_envelope_needs_a_source_and_a_time_of_receipt() -> None:
    assert envelope_fault(TickEnvelope("binance-simulated", T0_NS, [])) is None
    assert envelope_fault(TickEnvelope("", T0_NS, []))[0] is Reason.INVALID_FIELD  # type: ignore[index]
    assert envelope_fault(TickEnvelope("binance", 2**64, []))[0] is Reason.TIME_OUT_OF_RANGE  # type: ignore[index]
