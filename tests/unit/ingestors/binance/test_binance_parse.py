"""The parser on every recorded line, and on what a broken or hostile provider may send."""

import gzip
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from ingestors.binance.parse import Parser, stream_kind
from ingestors.events import LEAVING, UNCLOSED, Acknowledged, Control
from ingestors.numbers import plain
from runtime.errors import InvalidRecord
from schemas.bars import Bar
from schemas.books import BookDifference
from schemas.ticks import Quote, Trade
from tests.pipeline import CAPTURES, needs_recordings

T = '{"stream":"btcusdt@trade","data":%s}'
GOOD = '{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":5,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}'
KLINE = (
    '{"stream":"btcusdt@kline_1m","data":{"e":"kline","E":1672515840001,"s":"BTCUSDT","k":{"t":1672515780000,"T":1672515839999,"s":"BTCUSDT",'
    '"i":"1m","f":100,"L":200,"o":"10.0","c":"12.0","h":"13.0","l":"9.0","v":"%s","n":7,"x":%s,"q":"30.0","V":"1","Q":"1","B":"0"}}}'
)


def parse(text: str, capture_clock: bool = False) -> Any:
    return Parser({"BTCUSDT": "BTC-USDT"}, "binance", capture_clock).parse(text.encode(), 99)


@pytest.mark.parametrize(
    "frame",
    [
        (T % GOOD).encode().replace(b"61837.63000000", b"\xff"),
        b'{"stream":"btcusdt@trade","data":' + b"[" * 100_000,
        b'{"stream":"btcusdt@trade","data":{"x":' + b"[" * 100_000,
        b'{"stream":"other","data":' + b"[" * 100_000,
        b'{"result":' + b"[" * 100_000,
        b'{"e":"\xff"}',
    ],
    ids=lambda frame: repr(frame[:40]),
)
def test_broken_text_and_nesting_without_end_are_broken_json(frame: bytes) -> None:
    with pytest.raises(InvalidRecord) as refused:
        Parser({"BTCUSDT": "BTC-USDT"}, "binance").parse(frame, 99)
    assert refused.value.reason == "broken_json"


@needs_recordings
def test_every_recorded_line() -> None:
    parser = Parser({"BTCUSDT": "BTC-USDT"}, "binance")
    kinds: Counter[str] = Counter()
    ids, newest_book = [], 0
    for path in CAPTURES:
        with gzip.open(path, "rb") as file:
            for line in file:
                stamp, _, frame = line.rstrip().partition(b" ")
                if frame.startswith(b'{"lastUpdateId"'):
                    kinds["snapshot"] += 1
                    continue
                event = parser.parse(frame, int(stamp))
                kinds[type(event).__name__] += 1
                if isinstance(event, Trade):
                    ids.append(event.trade_id)
                    assert event.price.encode() in frame
                    assert event.size.encode() in frame
                elif isinstance(event, BookDifference):
                    assert newest_book in (0, event.first_update_id - 1)
                    newest_book = event.last_update_id
    assert kinds == {"Trade": 19_904, "Quote": 73_174, "BookDifference": 6_495, "snapshot": 1}
    assert ids == list(range(3735683259, 3735703163))


def test_a_trade() -> None:
    assert parse(T % GOOD) == Trade("BTC-USDT", "61837.63000000", "0.02000000", 1723161255342_000_000, 99, 5, "sell")


def test_buyer_as_taker() -> None:
    assert parse(T % GOOD.replace('"m":true', '"m":false')).side == "buy"


def test_old_recordings_with_order_ids() -> None:
    assert parse(T % GOOD.replace('"T":', '"a":88,"b":50,"T":')).trade_id == 5


def test_a_book_ticker_has_the_time_of_receipt_and_says_so() -> None:
    quote = parse('{"stream":"btcusdt@bookTicker","data":{"u":7,"s":"BTCUSDT","b":"1.10","B":"2","a":"1.20","A":"3"}}')
    assert quote == Quote("BTC-USDT", "1.10", "2", "1.20", "3", 99, 99, 7, True)


def test_capture_time_is_taken_only_when_told() -> None:
    frame = (T % GOOD)[:-1] + ',"ts_capture_ns":1234}'
    assert parse(frame).ts_ingest_ns == 99
    assert parse(frame, capture_clock=True).ts_ingest_ns == 1234
    assert parse(T % GOOD, capture_clock=True).ts_ingest_ns == 99


def test_a_depth_difference() -> None:
    text = '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":3,"s":"BTCUSDT","U":157,"u":160,"b":[["0.0024","10"]],"a":[]}}'
    assert parse(text) == BookDifference("BTC-USDT", "binance", 3_000_000, 99, 157, 160, [("0.0024", "10")], [])


def test_a_closed_kline_is_a_bar_of_the_provider() -> None:
    bar = parse(KLINE % ("2.5", "true"))
    assert isinstance(bar, Bar)
    assert (bar.ts_open_ns, bar.ts_close_ns) == (1672515780_000_000_000, 1672515840_000_000_000)
    assert (bar.kind, bar.timeframe, bar.trade_count, bar.vwap, bar.known_at_ns) == ("provider", "1m", 7, "12", 99)


def test_an_open_kline_is_no_bar() -> None:
    assert parse(KLINE % ("2.5", "false")) is UNCLOSED


def test_a_kline_without_volume_has_its_close_as_vwap() -> None:
    assert parse(KLINE % ("0.00000000", "true")).vwap == "12.0"


@pytest.mark.parametrize(
    ("text", "control"),
    [
        ('{"result":null,"id":1}', Acknowledged(("1",))),
        ('{"result":["btcusdt@trade"],"id":"a"}', Acknowledged(("a",))),
        ('{"e":"serverShutdown","E":1}', LEAVING),
        ('{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}', LEAVING),
    ],
)
def test_frames_that_are_no_data(text: str, control: Control) -> None:
    assert parse(text) == control


def test_keys_in_another_order() -> None:
    assert parse('{"data":' + GOOD + ',"stream":"btcusdt@trade"}').trade_id == 5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "broken_json"),
        ("\x00", "broken_json"),
        ((T % GOOD)[:-20], "broken_json"),
        ("null", "unknown_message"),
        ("[]", "unknown_message"),
        ("{}", "unknown_message"),
        (T % '{"e":"somethingNew","E":1,"s":"BTCUSDT"}', "unknown_message"),
        ('{"stream":"btcusdt@newThing","data":{"s":"BTCUSDT"}}', "unknown_message"),
        ('{"code":2,"msg":"Invalid request"}', "unknown_message"),
        (T % GOOD.replace('"t":5,', ""), "missing_field"),
        ('{"stream":"btcusdt@trade"}', "missing_field"),
        (T % GOOD.replace('"t":5', '"t":"5"'), "invalid_field"),
        (T % GOOD.replace('"61837.63000000"', "61837.63"), "invalid_field"),
        (T % GOOD.replace('"t":5', '"t":-1'), "invalid_field"),
        (T % GOOD.replace('"t":5', '"t":' + "9" * 30), "invalid_field"),
        (T % GOOD.replace("1723161255342", "9" * 18), "invalid_field"),
        (T % GOOD.replace("61837.63000000", "1" * 65), "invalid_field"),
        (T % "5", "invalid_field"),
        (T % GOOD.replace("BTCUSDT", "ETHUSDT"), "unknown_symbol"),
        (KLINE % ("abc", "true"), "invalid_field"),
    ],
)
def test_refusals_have_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        parse(text)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("61837.63000000", "61837.63000000"),
        ("2e-8", "0.00000002"),
        ("1.5E+3", "1500"),
        ("-1.00", "-1.00"),
        ("hello", "hello"),
        ("1e999999", "1e999999"),
    ],
)
def test_decimal_text_stays_as_it_was_sent(text: str, written: str) -> None:
    assert plain(text) == written
    if text not in ("hello", "1e999999"):
        assert Decimal(plain(text)) == Decimal(text)


@pytest.mark.parametrize("field", ["bid", "bid_size", "ask", "ask_size"])
def test_any_number_of_a_quote_may_be_scientific(field: str) -> None:
    numbers = {"bid": "1.10", "bid_size": "2", "ask": "1.20", "ask_size": "3"}
    bid, bid_size, ask, ask_size = (numbers | {field: "2E-8"}).values()
    wire = f'"u":7,"s":"BTCUSDT","b":"{bid}","B":"{bid_size}","a":"{ask}","A":"{ask_size}"'
    quote = parse(f'{{"stream":"btcusdt@bookTicker","data":{{{wire}}}}}')
    assert quote == Quote(
        "BTC-USDT", **numbers | {field: "0.00000002"}, ts_event_ns=99, ts_ingest_ns=99, update_id=7, event_time_is_receive=True
    )


def test_stream_kind() -> None:
    assert stream_kind(b'{"stream":"btcusdt@depth@100ms","data":{}}') == b"depth@100ms"
    assert stream_kind(b'{"result":null,"id":1}') == b""
