# ruff: noqa: UP031  # JSON is full of braces
"""The messages that the venues document and no recording holds, and what broken or hostile ones come to."""

import gzip
import json
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from bench import recordings
from ingestors.bitfinex.config import canonical as bitfinex_canonical
from ingestors.bitfinex.ingestor import BitfinexVenue
from ingestors.bitfinex.parse import Parser as Bitfinex
from ingestors.books.checksums import KrakenChecksum
from ingestors.books.keeper import BookKeeper, BookRules
from ingestors.books.order_book import OrderBook
from ingestors.coinbase_advanced.parse import Parser as Advanced
from ingestors.events import HEARTBEAT, LEAVING, UNCLOSED, WELCOME, Acknowledged, Ignored, Lost, NewestTrade, Ping, Refused
from ingestors.htx.parse import Parser as Htx
from ingestors.kraken.config import canonical as kraken_canonical
from ingestors.kraken.ingestor import KrakenVenue
from ingestors.kraken.parse import Parser as Kraken
from ingestors.kraken_v1.parse import Parser as KrakenV1
from ingestors.kucoin.parse import Parser as Kucoin
from runtime.errors import InvalidRecord, UserError
from runtime.settings.providers.bitfinex import BitfinexSettings
from runtime.settings.providers.kraken import KrakenSettings
from schemas.books import BookDifference
from schemas.ticks import Quote, Trade
from tests.pipeline import needs_recordings

SYMBOLS = {"BTC/USD": "BTC-USD", "XBT/USD": "BTC-USD", "tBTCUSD": "BTC-USD", "BTC-USD": "BTC-USD", "btcusdt": "BTC-USDT"}
PARSERS: dict[str, Any] = {
    "kraken": Kraken,
    "kraken-v1": KrakenV1,
    "bitfinex": Bitfinex,
    "kucoin": Kucoin,
    "htx": Htx,
    "advanced": Advanced,
}
TIME_NS = 1696613755440295000
TRADE = (
    '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":105944.2,"qty":2.7e-4,'
    '"ord_type":"limit","trade_id":7,"timestamp":"2023-10-06T17:35:55.440295Z"}]}'
)
SUBSCRIBED = '{"event":"subscribed","channel":"%s","chanId":3,"symbol":"tBTCUSD","pair":"BTCUSD"}'
ADVANCED = '{"channel":"%s","timestamp":"2023-10-06T17:35:55.440295Z","sequence_num":%d,"events":[%s]}'


def parse(name: str, *frames: str) -> Any:
    """What the last of them comes to."""
    parser = PARSERS[name](SYMBOLS, name)
    return [parser.parse(frame.encode(), 99) for frame in frames][-1]


def test_kraken_trades() -> None:
    assert parse("kraken", TRADE) == Trade("BTC-USD", "105944.2", "0.00027", TIME_NS, 99, 7, "buy")
    assert parse("kraken", TRADE.replace('"update"', '"snapshot"')) == [NewestTrade("BTC-USD", 7, TIME_NS)]
    assert parse("kraken", TRADE.replace('"channel":"trade",', "").replace("{", '{"channel":"trade","x":1,', 1)).trade_id == 7


def test_kraken_quotes_have_numbers_that_grow() -> None:
    ticker = '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":1.10,"bid_qty":2,"ask":1.2,"ask_qty":3.5,"last":1}]}'
    parser = Kraken(SYMBOLS, "kraken")
    first, second = parser.parse(ticker.encode(), 99), parser.parse(ticker.encode(), 99)
    assert first == Quote("BTC-USD", "1.10", "2", "1.2", "3.5", 99, 99, 99, True)
    assert isinstance(second, Quote)
    assert second.update_id == 100


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        ('{"channel":"heartbeat"}', HEARTBEAT),
        ('{"method":"pong","req_id":42}', HEARTBEAT),
        ('{"method":"subscribe","result":{"channel":"book","symbol":"BTC/USD"},"success":true}', Acknowledged(("book:BTC/USD",))),
        ('{"error":"no such pair","method":"subscribe","success":false,"symbol":"X/Y"}', Refused("", "X/Y no such pair")),
        (
            '{"error":"no such pair","method":"subscribe","success":false,"symbol":"X/Y","req_id":3}',
            Refused("book:X/Y", "X/Y no such pair"),
        ),
        ('{"error":"Already subscribed","method":"subscribe","success":false,"symbol":"X/Y","req_id":3}', Acknowledged(("book:X/Y",))),
        ('{"error":"Not subscribed","method":"unsubscribe","success":false,"symbol":"X/Y","req_id":3}', Ignored("unsubscribed")),
    ],
)
def test_what_kraken_says_beside_data(frame: str, event: Any) -> None:
    parser = Kraken(SYMBOLS, "kraken")
    parser.asked[3] = "book"
    assert parser.parse(frame.encode(), 99) == event


@needs_recordings
def test_checksums_of_kraken_hold_for_numbers_without_trailing_zeros() -> None:
    """The recorded v1 books told the way v2 does: JSON numbers, whose zeros come back from the decimals that the venue prints of the pair."""
    recorded = recorded_books()
    decimals = {book.symbol: (len(book.asks[0][0].partition(".")[2]), 8) for book in recorded if book.snapshot}
    broken: list[Any] = []
    keeper = BookKeeper(BookRules("stream", 1000, KrakenChecksum(decimals)), lambda *told: None, lambda *told: broken.append(told))
    parser, checked = Kraken({name: name for name in decimals}, "kraken"), 0
    for book in recorded:
        event = parser.parse(as_v2(book).encode(), 99)
        assert isinstance(event, BookDifference)
        keeper.apply(event)
        checked += not event.snapshot
    assert (checked, broken) == (4269, [])


def recorded_books() -> list[BookDifference]:
    class Listed(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return name

    parser = KrakenV1(Listed(), "kraken")
    events = [parser.parse(frame.payload, frame.received_ns) for frame in recordings.frames("kraken-v1")]
    return [event for event in events if isinstance(event, BookDifference)]


def as_v2(book: BookDifference) -> str:
    """v1 sends no checksum with a snapshot, v2 does."""
    checksum = KrakenChecksum()("", OrderBook(book, 1000)) if book.snapshot else book.checksum
    bids, asks = [[{"price": number(price), "qty": number(size)} for price, size in side] for side in (book.bids, book.asks)]
    row = json.dumps({"symbol": book.symbol, "bids": bids, "asks": asks, "checksum": checksum}).replace('"@', "").replace('@"', "")
    return '{"channel":"book","type":"%s","data":[%s]}' % ("snapshot" if book.snapshot else "update", row)


def number(text: str) -> str:
    """Marked, so that it stands in the JSON without quotes."""
    return f"@{Decimal(text).normalize():f}@"


@pytest.mark.parametrize(("name", "symbol"), [("XBT/USD", "BTC-USD"), ("XDG/EUR", "DOGE-EUR"), ("ETH/XBT", "ETH-BTC")])
def test_canonical_names_of_kraken(name: str, symbol: str) -> None:
    assert kraken_canonical(name) == symbol


def test_kraken_v1_trades_and_spreads() -> None:
    trades = parse(
        "kraken-v1",
        '[0,[["5541.20","0.15850568","1534614057.321597","s","l",""],["6060.00","0.02455","1534614057.4","b","l",""]],"trade","XBT/USD"]',
    )
    assert [(trade.price, trade.ts_event_ns, trade.side) for trade in trades] == [
        ("5541.20", 1534614057_321597000, "sell"), ("6060.00", 1534614057_400000000, "buy")
    ]  # fmt: skip
    assert trades[0].trade_id == "1534614057321597000-5541.2-0.15850568-s"
    quote = parse("kraken-v1", '[0,["5698.4","5700.0","1542057299.545897","1.01","0.9"],"spread","XBT/USD"]')
    assert quote == Quote("BTC-USD", "5698.4", "1.01", "5700.0", "0.9", 1542057299_545897000, 99, 99)


def test_kraken_v1_refuses_a_subscription() -> None:
    frame = '{"errorMessage":"Currency pair not in ISO 4217-A3 format","event":"subscriptionStatus","pair":"XBT","status":"error","subscription":{"name":"book"}}'
    assert parse("kraken-v1", frame) == Refused("book:XBT", "Currency pair not in ISO 4217-A3 format")


def test_bitfinex_answers_a_question_that_was_asked_twice() -> None:
    dup = '{"event":"error","msg":"subscribe: dup","code":10301,"channel":"trades","symbol":"tBTCUSD"}'
    assert parse("bitfinex", SUBSCRIBED % "trades", dup) == Acknowledged(("trades:tBTCUSD",))
    assert isinstance(parse("bitfinex", dup), Lost)  # its channel's number is unknown
    assert parse("bitfinex", '{"event":"conf","status":"FAILED","code":10000,"msg":"no"}') == Refused("conf", "10000 no")


def test_bitfinex_allows_25_channels_a_connection() -> None:
    with pytest.raises(UserError, match="27 channels are more than the 25"):
        BitfinexVenue(BitfinexSettings(symbols_per_connection=9))


def test_bitfinex_trades() -> None:
    assert parse("bitfinex", SUBSCRIBED % "trades", '[3,"te",[12,1618677544000,-0.5,2e-8]]') == Trade(
        "BTC-USD", "0.00000002", "0.5", 1618677544_000000000, 99, 12, "sell"
    )
    assert parse("bitfinex", SUBSCRIBED % "trades", '[3,"tu",[12,1618677544000,-0.5,2e-8]]').kind == "trade_update"


def test_bitfinex_says_that_messages_were_lost() -> None:
    frames = ['{"event":"conf","status":"OK","flags":65536}', SUBSCRIBED % "trades", '[3,"hb",1]', '[3,"hb",2]']
    assert parse("bitfinex", *frames) == HEARTBEAT
    assert parse("bitfinex", *frames, '[3,"hb",4]') == [HEARTBEAT, Lost("message 4 came where 3 was due")]


def test_bitfinex_books_have_checksums_of_their_own() -> None:
    checked = parse("bitfinex", SUBSCRIBED % "book", '[3,"cs",-890884919]')
    assert (checked.checksum, checked.bids, checked.asks, checked.snapshot) == (-890884919, [], [], False)
    assert parse("bitfinex", SUBSCRIBED % "book", "[3,[]]").snapshot
    assert parse("bitfinex", SUBSCRIBED % "book", "[3,[100.5,0,-1]]").asks == [("100.5", "0")]


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        ('{"event":"info","version":2,"platform":{"status":1}}', WELCOME),
        ('{"event":"info","code":20051,"msg":"Stop"}', LEAVING),
        (
            '{"event":"error","channel":"book","symbol":"tX","code":10300,"msg":"symbol: invalid"}',
            Refused("book:tX", "10300 symbol: invalid"),
        ),
    ],
)
def test_what_bitfinex_says_beside_data(frame: str, event: Any) -> None:
    assert parse("bitfinex", frame) == event


@pytest.mark.parametrize(
    ("pair", "symbol"), [("BTCUSD", "BTC-USD"), ("DUSK:UST", "DUSK-USDT"), ("TESTBTC:TESTUSD", ""), ("BTCF0:USTF0", ""), ("BTC", "")]
)
def test_canonical_names_of_bitfinex(pair: str, symbol: str) -> None:
    assert bitfinex_canonical(pair) == symbol


def test_htx_incremental_books_and_their_snapshot() -> None:
    change = parse(
        "htx", '{"ch":"market.btcusdt.mbp.150","ts":5,"tick":{"seqNum":9,"prevSeqNum":7,"bids":[[9058.27,0]],"asks":[[9084.27,0.2]]}}'
    )
    assert (change.first_update_id, change.last_update_id, change.bids, change.asks) == (8, 9, [("9058.27", "0")], [("9084.27", "0.2")])
    whole = parse("htx", '{"id":"1","rep":"market.btcusdt.mbp.150","status":"ok","data":{"seqNum":7,"bids":[[9058.27,1]],"asks":[]}}')
    assert (whole.snapshot, whole.last_update_id) == (True, 7)


def test_htx_quotes_and_pings() -> None:
    frame = '{"ch":"market.btcusdt.bbo","ts":6,"tick":{"seqId":4,"ask":16829.51,"askSize":0.7,"bid":16829.5,"bidSize":1.68,"quoteTime":5,"symbol":"btcusdt"}}'
    assert parse("htx", frame) == Quote("BTC-USDT", "16829.5", "1.68", "16829.51", "0.7", 5_000_000, 99, 4)
    assert parse("htx", '{"ping":1618678073643}') == Ping('{"pong":1618678073643}')
    assert parse("htx", '{"ch":"market.btcusdt.kline.1min","ts":1,"tick":{}}') is UNCLOSED


def test_htx_does_not_unpack_without_end() -> None:
    with pytest.raises(InvalidRecord, match="frame_too_large"):
        Htx(SYMBOLS, "htx").parse(gzip.compress(b" " * 50_000_000), 1)


def test_advanced_trades_and_their_numbering() -> None:
    row = '{"trade_id":"%d","product_id":"BTC-USD","price":"68900.50","size":"0.0015","side":"BUY","time":"2023-10-06T17:35:55.440295Z"}'
    past = ADVANCED % ("market_trades", 0, '{"type":"snapshot","trades":[%s,%s]}' % (row % 8, row % 7))
    update = ADVANCED % ("market_trades", 1, '{"type":"update","trades":[%s,%s]}' % (row % 10, row % 9))
    assert parse("advanced", past) == NewestTrade("BTC-USD", 8, TIME_NS)
    trades = parse("advanced", past, update)
    assert [trade.trade_id for trade in trades] == [9, 10]
    assert trades[0] == Trade("BTC-USD", "68900.50", "0.0015", TIME_NS, 99, 9, "buy")
    assert parse("advanced", past, update.replace('"sequence_num":1', '"sequence_num":3'))[-1] == Lost("message 3 came where 1 was due")


def test_advanced_books_call_asks_offers() -> None:
    level = '{"side":"%s","event_time":"2023-10-06T17:35:55.440295Z","price_level":"%s","new_quantity":"1.5"}'
    event = '{"type":"snapshot","product_id":"BTC-USD","updates":[%s,%s]}' % (level % ("bid", "68900.00"), level % ("offer", "68901.00"))
    book = parse("advanced", ADVANCED % ("l2_data", 0, event))
    assert (book.snapshot, book.bids, book.asks, book.ts_event_ns) == (True, [("68900.00", "1.5")], [("68901.00", "1.5")], TIME_NS)
    with pytest.raises(InvalidRecord, match="invalid_field"):
        parse("advanced", ADVANCED % ("l2_data", 0, event.replace('"offer"', '"ask"')))


def test_advanced_quotes_beats_and_answers() -> None:
    ticker = '{"type":"update","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"1","best_bid":"1.1","best_bid_quantity":"2","best_ask":"1.2","best_ask_quantity":"3"}]}'
    assert parse("advanced", ADVANCED % ("ticker", 0, ticker)) == Quote("BTC-USD", "1.1", "2", "1.2", "3", TIME_NS, 99, 99)
    assert parse("advanced", ADVANCED % ("heartbeats", 0, '{"current_time":"x","heartbeat_counter":42}')) == HEARTBEAT
    answer = ADVANCED % ("subscriptions", 0, '{"subscriptions":{"level2":["BTC-USD"],"ticker":["BTC-USD"]}}')
    assert parse("advanced", answer) == Acknowledged(("level2:BTC-USD", "ticker:BTC-USD"))
    assert parse("advanced", '{"type":"error","message":"no such product"}') == Refused("", "no such product")


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "broken_json"),
        (b"{", "broken_json"),
        (b"[", "broken_json unknown_message"),
        (b"[" * 100_000, "broken_json unknown_message"),
        (b'{"channel":"trade","type":"\xff"}', "broken_json unknown_message"),
        (b"{}", "unknown_message"),
        (b'{"channel":"nothing","type":"nothing","event":"nothing"}', "unknown_message"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_what_is_no_message_of_the_venue(name: str, frame: bytes, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        PARSERS[name](SYMBOLS, name).parse(frame, 99)
    assert refused.value.reason in reason


@pytest.mark.parametrize(
    ("name", "frame", "reason"),
    [
        ("kraken", TRADE.replace("BTC/USD", "XYZ/USD"), "unknown_symbol"),
        ("kraken", TRADE.replace('"trade_id":7,', ""), "missing_field"),
        ("kraken", TRADE.replace("105944.2", "null"), "invalid_field"),
        ("kraken", TRADE.replace("105944.2", "1" * 65), "invalid_field"),
        ("kraken", TRADE.replace("2023-10-06T", "yesterday "), "invalid_field"),
        ("kraken-v1", '[0,[["1","2"]],"trade","XBT/USD"]', "missing_field"),
        ("kraken-v1", '[0,[["1","2","3.5"]],"trade","ABC/USD"]', "unknown_symbol"),
        ("kraken-v1", '[0,"x","nothing","XBT/USD"]', "unknown_message"),
        ("kraken-v1", "[1,2,3]", "unknown_message"),
        ("bitfinex", "[9,[1,2,3]]", "unknown_message"),
        ("kucoin", '{"subject":"trade.l3match","data":{"symbol":"BTC-USD"}}', "missing_field"),
        ("htx", '{"ch":"market.ethusdt.bbo","tick":{"seqId":1,"ask":1,"askSize":1,"bid":1,"bidSize":1}}', "unknown_symbol"),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be(name: str, frame: str, reason: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        parse(name, frame)
    assert refused.value.reason == reason


@pytest.mark.parametrize("row", ["[]", "[1]", "[null,null,null]", "[{},1,1]", "[1,1,[]]", '["x","y","z"]', "5"])
def test_bitfinex_arrays_of_any_shape_are_events_or_refused(row: str) -> None:
    """Nothing else comes out than InvalidRecord."""
    for channel in ("trades", "ticker", "book"):
        for frame in (f"[3,{row}]", f'[3,"te",{row}]', f'[3,"cs",{row}]', f"[{row},3]"):
            parser = Bitfinex(SYMBOLS, "bitfinex")
            parser.parse((SUBSCRIBED % channel).encode(), 1)
            with suppress(InvalidRecord):
                parser.parse(frame.encode(), 2)


def test_kraken_has_books_of_five_depths() -> None:
    with pytest.raises(UserError, match="has books of 10, 25, 100, 500, 1000 levels"):
        KrakenVenue(KrakenSettings(book_depth=50))


def test_a_numbered_message_of_a_channel_that_is_nobodys_is_not_lost() -> None:
    parser = Bitfinex(SYMBOLS, "bitfinex")
    for frame in ('{"event":"conf","status":"OK","flags":65536}', SUBSCRIBED % "trades", '[3,"hb",1]'):
        parser.parse(frame.encode(), 99)
    with pytest.raises(InvalidRecord, match="unknown_message"):
        parser.parse(b"[9,[1,2],2]", 99)
    assert parser.parse(b'[3,"hb",3]', 99) == HEARTBEAT
    assert isinstance(parser.parse(b'[3,"hb",5]', 99)[1], Lost)
