"""The TimescaleDB store's place in the log: a second writer, another log, records that retention or the broker lost, tables that are not there."""

from typing import Any

import pytest

from runtime.errors import FatalError
from schemas.topics import Topic
from sinks.timescale.log_identity import LogIdentity, identify
from sinks.timescale.store import TOPICS
from tests.sink_events import envelope, record, ticks
from tests.sinks_world import IDENTITY_OF_LOG, Log, checksums, count, execute, query, timescale_store

pytestmark = pytest.mark.stack
PLACE = (Topic.TICKS, 0)


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
