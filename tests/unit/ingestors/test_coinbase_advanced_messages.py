# ruff: noqa: UP031  # JSON is full of braces
"""Coinbase Advanced Trade's messages that it documents and no recording holds, what it allows, and what broken or hostile ones come to."""

import pytest

from ingestors.events import HEARTBEAT, Acknowledged, Lost, NewestTrade, Refused
from runtime.errors import InvalidRecord
from schemas.ticks import Quote, Trade
from tests.venue_messages import ADVANCED, TIME_NS, parse


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
