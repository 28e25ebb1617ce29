"""HTX's messages that it documents and no recording holds, what it allows, and what broken or hostile ones come to."""

import gzip

import pytest

from ingestors.events import UNCLOSED, Ping
from ingestors.htx.parse import Parser as Htx
from runtime.errors import InvalidRecord
from schemas.ticks import Quote
from tests.venue_messages import SYMBOLS, parse


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
