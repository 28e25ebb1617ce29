"""The TimescaleDB store's transactions: answers and connections that are lost, a batch that is written while the next one is taken."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemas.topics import Topic
from sinks.store import StoreDown
from tests.commit_cutter import commit_cutter
from tests.sink_events import envelope, record, ticks
from tests.sinks_world import checksums, count, execute, query, timescale_store

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


def raising(error: Exception) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


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
