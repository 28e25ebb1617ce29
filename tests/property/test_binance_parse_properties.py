"""Whatever bytes arrive: an event, or one named refusal, and what is an event can be written and read again."""

import json

from hypothesis import given
from hypothesis import strategies as st

from ingestors.binance.parse import Parser
from ingestors.events import Control
from ingestors.numbers import plain
from runtime.errors import InvalidRecord
from schemas.codec import decode_ticks, encode
from schemas.reasons import Reason
from schemas.ticks import Quote, TickEnvelope, Trade

PARSER = Parser({"BTCUSDT": "BTC-USDT"}, "binance", True)
KEYS = ("e", "E", "s", "t", "p", "q", "T", "m", "u", "U", "b", "B", "a", "A", "k", "x")
STREAMS = ("btcusdt@trade", "btcusdt@bookTicker", "btcusdt@depth@100ms", "btcusdt@kline_1m", "btcusdt@other", "")
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20) | st.just("BTCUSDT")
values = scalars | st.lists(st.lists(st.text(max_size=5), max_size=3), max_size=3)
decimals = st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=0, max_value=10**9).map(lambda d: format(d, "f"))


def accepted(frame: bytes) -> object:
    """The event; None after a refusal whose reason stands in the catalogue."""
    try:
        return PARSER.parse(frame, 5)
    except InvalidRecord as refused:
        reason = refused.reason
    assert reason in set(Reason)
    return None


@given(st.binary(max_size=300))
def test_any_bytes(frame: bytes) -> None:
    accepted(frame)
    accepted(b'{"stream":"btcusdt@trade","data":' + frame + b"}")


@given(st.sampled_from(STREAMS), st.dictionaries(st.sampled_from(KEYS), values))
def test_any_fields(stream: str, data: dict[str, object]) -> None:
    event = accepted(json.dumps({"stream": stream, "data": data}).encode())
    if isinstance(event, (Trade, Quote)):
        envelope = TickEnvelope("binance", 1, [event])
        assert decode_ticks(encode(envelope)) == envelope
    elif event is not None and not isinstance(event, Control):
        encode(event)


@given(decimals, decimals, st.integers(0, 2**63 - 1), st.integers(0, 4_000_000_000_000), st.booleans(), st.data())
def test_a_cut_frame_is_never_another_trade(price: str, size: str, trade_id: int, time_ms: int, maker: bool, data: st.DataObject) -> None:
    wire = {"e": "trade", "E": time_ms, "s": "BTCUSDT", "t": trade_id, "p": price, "q": size, "T": time_ms, "m": maker, "M": True}
    frame = json.dumps({"stream": "btcusdt@trade", "data": wire}, separators=(",", ":")).encode()
    side = "sell" if maker else "buy"
    assert accepted(frame) == Trade("BTC-USDT", price, size, time_ms * 1_000_000, 5, trade_id, side)
    cut = data.draw(st.integers(0, len(frame) - 1))
    assert accepted(frame[:cut]) is None


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_scientific_notation_keeps_the_value(number: object) -> None:
    text = str(number)
    written = plain(text)
    assert type(number)(written) == number
