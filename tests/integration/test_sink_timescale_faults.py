"""Faults of the TimescaleDB store: refused rows, lost answers, a second writer, another log, records lost to retention."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka import Consumer

from runtime.clock import ManualClock
from runtime.errors import FatalError
from runtime.settings import StorageSettings
from schemas.codec import decode_dead_letter, encode
from schemas.dead_letters import DeadLetter
from schemas.timeframes import DAY_NS
from schemas.topics import Topic
from sinks.store import StoreDown
from sinks.timescale.horizon import Horizon
from sinks.timescale.log_identity import LogIdentity, identify
from sinks.timescale.store import TOPICS
from tests.commit_cutter import commit_cutter
from tests.sinks_world import (
    IDENTITY_OF_LOG,
    T0_NS,
    Log,
    bar,
    checksums,
    count,
    envelope,
    execute,
    query,
    quote,
    record,
    ticks,
    timescale_store,
    trade,
)

pytestmark = pytest.mark.stack
PLACE = (Topic.TICKS, 0)


class Points:
    """Kill points that call what a test wants done there."""

    def __init__(self, point: str, action: Callable[[], None]) -> None:
        self._actions = {point: action}

    def reach(self, point: str) -> None:
        action = self._actions.pop(point, None)
        if action:
            action()


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


def raising(error: Exception) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


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


def test_the_answer_to_commit_is_lost_after_it_was_done(line: Any) -> None:
    store = timescale_store(line, points=Points("transaction_committed", raising(StoreDown("cut"))))
    store.begin([PLACE])
    store.take(record(Topic.TICKS, 0, envelope(ticks(1, 10))))
    with pytest.raises(StoreDown):
        store.flush()
    assert count(line) == 10
    before = checksums(line)
    store.flush()
    store.take(record(Topic.TICKS, 1, envelope(ticks(11, 12))))
    store.flush()
    store.close()
    assert before["market_ticks"][0] == 10
    assert count(line) == 12


_SLOW_COMMIT = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON kafka_offsets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow();
"""


def test_the_connection_is_lost_while_the_server_still_commits(line: Any) -> None:
    """The next attempt waits for what becomes of the first: to ask at once would find it undone, and store it against its own locks."""
    with commit_cutter(line.addresses.postgres) as cutter:
        store = timescale_store(replace(line, addresses=replace(line.addresses, postgres=cutter.url)))
        store.begin([PLACE])
        execute(line, _SLOW_COMMIT)
        store.take(record(Topic.TICKS, 0, envelope(ticks(1, 10))))
        cutter.arm("inside")
        with pytest.raises(StoreDown):
            store.flush()
        assert count(line) == 0
        store.flush()
        store.take(record(Topic.TICKS, 1, envelope(ticks(11, 12))))
        store.flush()
        store.close()
    assert query(line, "SELECT count(*), count(DISTINCT seq), max(seq) FROM market_ticks") == [(12, 12, 12)]
    assert query(line, "SELECT next_offset FROM kafka_offsets") == [(2,)]


@pytest.mark.parametrize("point", ["rows_copied", "offsets_moved"])
def test_the_connection_is_lost_before_commit(line: Any, point: str) -> None:
    def cut() -> None:
        query(
            line, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'test' AND datname = current_database()"
        )

    store = timescale_store(line, points=Points(point, cut))
    store.begin([PLACE])
    store.take(record(Topic.TICKS, 0, envelope(ticks(1, 10))))
    with pytest.raises(StoreDown):
        store.flush()
    assert count(line) == 0
    store.flush()
    store.close()
    assert count(line) == 10
    assert query(line, "SELECT next_offset FROM kafka_offsets") == [(1,)]


def test_the_next_batch_is_taken_while_one_is_written(line: Any) -> None:
    taken = threading.Event()
    store = timescale_store(line, points=Points("rows_copied", lambda: taken.wait(60)))
    store.begin([PLACE])
    store.take(record(Topic.TICKS, 0, envelope(ticks(1, 10))))
    store.start_flush()
    store.take(record(Topic.TICKS, 1, envelope(ticks(11, 12))))
    assert (store.is_writing, store.is_written, store.waiting_rows, count(line)) == (True, False, 2, 0)
    taken.set()
    store.finish_flush()
    assert (store.is_writing, store.stored[PLACE], count(line)) == (False, 1, 10)
    store.flush()
    store.close()
    assert query(line, "SELECT count(*), max(seq) FROM market_ticks") == [(12, 12)]
    assert query(line, "SELECT next_offset FROM kafka_offsets") == [(2,)]


def test_a_batch_that_failed_beside_the_next_one_is_written_before_it(line: Any) -> None:
    store = timescale_store(line, points=Points("offsets_moved", raising(StoreDown("cut"))))
    store.begin([PLACE])
    store.take(record(Topic.TICKS, 0, envelope(ticks(1, 10))))
    store.start_flush()
    store.take(record(Topic.TICKS, 1, envelope(ticks(11, 12))))
    with pytest.raises(StoreDown):
        store.start_flush()
    assert (count(line), store.waiting_rows) == (0, 2)
    store.start_flush()
    store.finish_flush()
    store.close()
    assert query(line, "SELECT count(*), max(seq) FROM market_ticks") == [(12, 12)]
    assert query(line, "SELECT next_offset FROM kafka_offsets") == [(2,)]


def test_what_is_being_written_is_over_before_it_is_forgotten(line: Any) -> None:
    """Else its places could go to another sink, which would read the same records and fence this one off."""
    held = threading.Event()
    store = timescale_store(line, points=Points("offsets_moved", lambda: held.wait(60)))
    store.begin([PLACE])
    store.take(record(Topic.TICKS, 0, envelope(ticks(1, 10))))
    store.start_flush()
    forgetting = threading.Thread(target=store.forget)
    forgetting.start()
    assert (forgetting.is_alive(), count(line)) == (True, 0)
    held.set()
    forgetting.join()
    assert (count(line), store.is_writing) == (10, False)
    assert store.begin([PLACE]) == {PLACE: 1}
    store.close()


def test_a_second_writer_fences_the_first(line: Any) -> None:
    old, new = timescale_store(line), timescale_store(line)
    for store in (old, new):
        store.begin([PLACE])
        store.take(record(Topic.TICKS, 0, envelope(ticks(1, 10))))
    new.take(record(Topic.TICKS, 1, envelope(ticks(11, 20))))
    new.flush()
    before = checksums(line)
    with pytest.raises(FatalError, match="another writer"):
        old.flush()
    old.close()
    new.close()
    assert checksums(line) == before


@pytest.mark.parametrize("what", ["cluster", "topic"])
def test_positions_of_another_log_are_refused(line: Any, what: str) -> None:
    first = timescale_store(line)
    first.begin([PLACE])
    first.close()
    ids = dict(IDENTITY_OF_LOG.topic_ids)
    other = LogIdentity("cluster-2", ids) if what == "cluster" else LogIdentity("cluster-1", {**ids, Topic.TICKS: "id-new"})
    store = timescale_store(line, identity=other)
    with pytest.raises(FatalError, match=f"belong to {what} id"):
        store.begin([PLACE])
    store.close()


def test_the_broker_tells_cluster_and_topic_ids(line: Any) -> None:
    log = identify(line.settings.kafka, line.addresses.kafka, TOPICS)
    assert log.cluster_id
    assert len(set(log.topic_ids.values())) == len(TOPICS)


def test_records_lost_to_retention_are_one_gap_and_reading_goes_on(line: Any) -> None:
    first = timescale_store(line)
    first.begin([PLACE])
    first.take(record(Topic.TICKS, 0, envelope(ticks(1, 5))))
    first.flush()
    first.close()
    store = timescale_store(line, Log(first=7))
    assert store.begin([PLACE]) == {PLACE: 1}
    store.take(record(Topic.TICKS, 7, envelope(ticks(36, 40))))
    store.flush()
    store.close()
    assert count(line) == 10
    stored = query(line, "SELECT gap_id, channel, cause, state, from_id, to_id, size FROM market_gaps")
    assert stored == [("record:market.ticks:0:0:7", "record", "retention", "unfillable", 0, 7, 6)]
    assert query(line, "SELECT next_offset FROM kafka_offsets") == [(8,)]


def test_a_log_that_lost_acknowledged_records_is_refused(line: Any) -> None:
    first = timescale_store(line)
    first.begin([PLACE])
    for offset in range(3):
        first.take(record(Topic.TICKS, offset, envelope(ticks(offset + 1, offset + 1))))
    first.flush()
    first.close()
    store = timescale_store(line, Log(end=2))
    with pytest.raises(FatalError, match="lost acknowledged records"):
        store.begin([PLACE])
    store.close()


def test_missing_tables_stop_loudly(line: Any) -> None:
    execute(line, "DROP TABLE market_ticks")
    store = timescale_store(line)
    with pytest.raises(FatalError, match="market_ticks"):
        store.begin([PLACE])
    store.close()
