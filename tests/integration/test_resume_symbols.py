"""An ingestor whose symbols were changed: what it published of others before is nothing that it may ask the venue about."""

from typing import Any

import pytest

from ingestors.resume import read_published
from runtime.kafka import Publisher
from schemas.books import BookDifference
from schemas.codec import encode
from schemas.partitioner import partition_of
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.topics import Topic

pytestmark = pytest.mark.stack

NOW_NS = 1_704_067_200_000_000_000


FOREIGN = (None, b"{", b'{"type":"ticks","source":"\xff"}', b'{"a":' + b"[" * 100_000, b'{"source":"\xff","gap_id":"\xff","symbol":"\xff"}')


def test_foreign_records_in_the_tails_are_passed_over(line: Any) -> None:
    kafka, symbol = line.settings.kafka, "BTC-USDT"
    partition = partition_of(symbol, kafka.partitions)
    publisher = Publisher(kafka, line.addresses.kafka)
    trades = [Trade(symbol, "1.5", "2", NOW_NS, NOW_NS, trade_id) for trade_id in (17, "no number", "99")]
    publisher.send(Topic.TICKS_RAW, partition, encode(TickEnvelope("binance", NOW_NS, list(trades), True)))
    for topic in (Topic.TICKS_RAW, Topic.BOOKS_RAW, Topic.GAPS):
        for value in FOREIGN:
            publisher.send(topic, partition, value)
    publisher.flush()
    published = read_published(kafka, line.addresses.kafka, "binance", [symbol])
    assert {name: known.newest_id for name, known in published.trades.items()} == {symbol: 17}
    assert (published.quotes, published.books) == ({}, {})


def test_only_symbols_that_are_asked_for_are_resumed(line: Any) -> None:
    kafka = line.settings.kafka
    symbols = [f"{base}-USDT" for base in ("BTC", "ETH", "SOL", "BNB", "XRP", "ADA", "DOT", "TRX", "LTC")]
    partition = partition_of(symbols[0], kafka.partitions)
    wanted, gone = [symbol for symbol in symbols if partition_of(symbol, kafka.partitions) == partition][:2]
    publisher = Publisher(kafka, line.addresses.kafka)
    for symbol in (wanted, gone):
        trade = Trade(symbol, "1.5", "2", NOW_NS, NOW_NS, 17)
        quote = Quote(symbol, "1.4", "1", "1.6", "1", NOW_NS, NOW_NS, 23)
        publisher.send(Topic.TICKS_RAW, partition, encode(TickEnvelope("binance", NOW_NS, [trade, quote], True)))
        publisher.send(
            Topic.BOOKS_RAW, partition, encode(BookDifference(symbol, "binance", NOW_NS, NOW_NS, 30, 31, [], [])), symbol.encode()
        )
    publisher.flush()
    published = read_published(kafka, line.addresses.kafka, "binance", [wanted])
    assert {symbol: known.newest_id for symbol, known in published.trades.items()} == {wanted: 17}
    assert {symbol: known.newest_id for symbol, known in published.quotes.items()} == {wanted: 23}
    assert {symbol: known.newest_id for symbol, known in published.books.items()} == {wanted: 31}
