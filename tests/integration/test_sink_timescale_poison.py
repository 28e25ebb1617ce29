"""Records that the TimescaleDB sink cannot store: each a dead letter with its reason, and all others land."""

from typing import Any

import pytest
from confluent_kafka import Consumer

from runtime.clock import ManualClock
from runtime.settings import StorageSettings
from schemas.codec import decode_dead_letter, encode
from schemas.dead_letters import DeadLetter
from schemas.timeframes import DAY_NS
from schemas.topics import Topic
from sinks.timescale.horizon import Horizon
from tests.sink_events import T0_NS, bar, envelope, quote, record, ticks, trade
from tests.sinks_world import count, query, timescale_store

pytestmark = pytest.mark.stack
PLACE = (Topic.TICKS, 0)


def dead_letters(line: Any, expected: int) -> list[DeadLetter]:
    """Reads until the expected number is there, and then whether one more is."""
    consumer = Consumer({"bootstrap.servers": line.addresses.kafka, "group.id": f"{line.name}.dlq", "auto.offset.reset": "earliest"})
    consumer.subscribe([line.settings.kafka.topic(Topic.DLQ)])
    found: list[DeadLetter] = []
    try:
        for _ in range(expected):
            message = consumer.poll(30)
            assert message is not None, f"{len(found)} of {expected} dead letters"
            found.append(decode_dead_letter(message.value()))
        assert consumer.poll(0.5) is None
    finally:
        consumer.close()
    return sorted(found, key=lambda letter: (letter.topic, letter.offset, letter.index))


POISON = {
    "negative price": trade(1001, price="-1"),
    "no number": trade(1002, price="12,5"),
    "NUL": trade(1003, trade_id="a\0b"),
    "no symbol": trade(1004, symbol=""),
    "number too large": quote(1005, update_id=2**63),
    "no such time": quote(1006, ts_event_ns=10**22),
    "key too long for the index": trade(1007, symbol="".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(3000))),
}


def test_poison_rows_become_dead_letters_and_the_others_land(line: Any) -> None:
    store = timescale_store(line)
    store.begin([PLACE, (Topic.BARS, 0)])
    good = ticks(1, 1000)
    for at, tick in zip((0, 1, 77, 500, 998, 1002, 1006), POISON.values(), strict=True):
        good.insert(at, tick)
    for offset in range(20):
        store.take(record(Topic.TICKS, offset, envelope(good[offset * 51 : offset * 51 + 51])))
    store.take(record(Topic.BARS, 0, bar(0, high="1")))  # below its low
    store.take(record(Topic.BARS, 1, bar(1)))
    store.flush()
    store.close()
    assert count(line) == 1000
    assert query(line, "SELECT count(DISTINCT seq), max(seq) FROM market_ticks") == [(1000, 1000)]
    assert count(line, "market_ohlcv") == 1
    assert query(line, "SELECT sum(next_offset) FROM kafka_offsets") == [(22,)]
    letters = dead_letters(line, 8)
    assert {letter.reason for letter in letters} == {"unstorable"}
    of_bar, *of_ticks = letters
    assert (of_bar.topic, of_bar.offset, of_bar.index, of_bar.payload) == ("market.bars", 0, 0, encode(bar(0, high="1")))
    assert {letter.payload for letter in of_ticks} == {encode(tick) for tick in POISON.values()}
    for letter in of_ticks:
        assert good[letter.offset * 51 + letter.index] in POISON.values()
        assert letter.trace == "trace-1"


def test_poison_in_a_batch_of_five_thousand(line: Any) -> None:
    """A value out of range, a NUL byte, and a time before retention: each a dead letter with its reason, all others stored, a tick and a bar alike."""
    poison = {
        "unstorable": [trade(9001, price="-1"), trade(9002, trade_id="a\0b")],
        "past_retention": [trade(9003, ts_event_ns=T0_NS - 366 * DAY_NS)],
    }
    store = timescale_store(line, horizon=Horizon(StorageSettings(retention=True), ManualClock(T0_NS)))
    store.begin([PLACE, (Topic.BARS, 0)])
    good = ticks(1, 4997)
    for at, tick in zip((17, 2500, 4990), (one for ones in poison.values() for one in ones), strict=True):
        good.insert(at, tick)
    for offset in range(10):
        store.take(record(Topic.TICKS, offset, envelope(good[offset * 500 : offset * 500 + 500])))
    store.take(record(Topic.BARS, 0, bar(ts_open_ns=T0_NS - 1097 * DAY_NS)))
    store.take(record(Topic.BARS, 1, bar(1)))
    store.flush()
    store.close()
    assert query(line, "SELECT count(*), count(DISTINCT seq), max(seq) FROM market_ticks") == [(4997, 4997, 4997)]
    assert count(line, "market_ohlcv") == 1
    of_bar, *of_ticks = dead_letters(line, 4)
    assert (of_bar.topic, of_bar.offset, of_bar.reason) == ("market.bars", 0, "past_retention")
    for reason, ticks_ in poison.items():
        assert [letter.payload for letter in of_ticks if letter.reason == reason] == [encode(tick) for tick in ticks_]
    for letter in of_ticks:
        assert encode(good[letter.offset * 500 + letter.index]) == letter.payload
        assert letter.error


def test_a_batch_that_is_mostly_poison(line: Any) -> None:
    """A source gone wrong: three rows in four are refused, of ticks and of bars, and nothing waits for that."""
    store = timescale_store(line)
    store.begin([PLACE, (Topic.BARS, 0)])
    mixed = [trade(seq, price="1" if seq % 4 == 0 else ("-1", "x", "1e999999")[seq % 4 - 1]) for seq in range(1, 1601)]
    for offset in range(4):
        store.take(record(Topic.TICKS, offset, envelope(mixed[offset * 400 : offset * 400 + 400])))
    for minute in range(400):
        store.take(record(Topic.BARS, minute, bar(minute, **({} if minute % 4 == 0 else {"high": "1"}))))
    store.flush()
    store.close()
    assert query(line, "SELECT count(*), count(*) FILTER (WHERE seq % 4 = 0) FROM market_ticks") == [(400, 400)]
    assert count(line, "market_ohlcv") == 100
    letters = dead_letters(line, 1500)
    assert [letter.offset for letter in letters[:300]] == [minute for minute in range(400) if minute % 4]
    assert [letter.payload for letter in letters[300:]] == [encode(tick) for tick in mixed if tick.seq % 4]


def test_records_that_are_no_events_become_dead_letters(line: Any) -> None:
    store = timescale_store(line)
    store.begin([PLACE])
    for offset, value in enumerate([b"\xff\x00garbage", b'{"type":"ticks","v":1}', encode(envelope(ticks(1, 3)))]):
        store.take(record(Topic.TICKS, offset, value))
    store.flush()
    store.close()
    first, second = dead_letters(line, 2)
    assert (first.reason, first.payload, first.offset, first.index) == ("undecodable", b"\xff\x00garbage", 0, -1)
    assert (second.reason, second.stage) == ("invalid_schema", "sink-timescale")
    assert count(line) == 3
