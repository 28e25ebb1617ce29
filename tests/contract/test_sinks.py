"""What every sink must do, whatever it writes to. SNK-01 to SNK-06 drive the store, SNK-07 to SNK-10 the process as a user runs it."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from runtime import metrics
from runtime.faults import KillPoints
from runtime.records import headers_of
from schemas.reasons import Reason
from schemas.topics import Topic
from sinks.store import Store, StoreDown
from tests.sink_events import bar, envelope, record, ticks, watermark
from tests.sink_processes import Feed, log_of, metrics_of, ready, sink_process, start_sink, wait_ready
from tests.sinks_world import Log, checksums, count, query, redis_content, redis_store, redis_values, timescale_store
from tests.support import eventually

pytestmark = pytest.mark.stack
PLACES = [(Topic.TICKS, 0), (Topic.BARS, 0)]


@dataclass(frozen=True)
class Sink:
    """content: all that the store holds, comparable. points: its kill points. part: its name in /ready."""

    name: str
    part: str
    points: tuple[str, ...]
    store: Callable[..., Store]
    content: Callable[[Any], Any]
    environment: str

    @property
    def process(self) -> str:
        return f"sink-{self.name}"


SINKS = [
    Sink(
        "timescale",
        "postgres",
        ("rows_copied", "offsets_moved", "transaction_committed"),
        timescale_store,
        checksums,
        "TICKERPLANT_POSTGRES__URL",
    ),
    Sink("redis", "redis", ("values_written", "offsets_committed"), redis_store, redis_content, "TICKERPLANT_REDIS__URL"),
]


@pytest.fixture(params=SINKS, ids=[sink.name for sink in SINKS])
def sink(request: pytest.FixtureRequest) -> Sink:
    return request.param  # type: ignore[no-any-return]


def fill(store: Store) -> None:
    """Two envelopes and a bar with its correction."""
    for offset, event in enumerate([envelope(ticks(1, 40)), watermark(), envelope(ticks(41, 60))]):
        store.take(record(Topic.TICKS, offset, event))
    for offset, revision in enumerate((0, 1)):
        store.take(record(Topic.BARS, offset, bar(0, revision)))


def stored(sink: Sink, line: Any) -> Any:
    store = sink.store(line, Log())
    store.begin(PLACES)
    fill(store)
    store.flush()
    store.close()
    return sink.content(line)


def test_snk_01_what_was_flushed_is_stored_and_the_positions_have_moved(sink: Sink, line: Any) -> None:
    log = Log()
    store = sink.store(line, log)
    assert store.begin(PLACES) == dict.fromkeys(PLACES, 0)
    fill(store)
    assert store.waiting_records == 5
    store.flush()
    assert (store.waiting_records, store.waiting_rows) == (0, 0)
    assert store.stored == {(Topic.TICKS, 0): 3, (Topic.BARS, 0): 2}
    store.close()
    assert sink.content(line)
    again = sink.store(line, log)
    assert again.begin(PLACES) == {(Topic.TICKS, 0): 3, (Topic.BARS, 0): 2}
    again.close()


def test_snk_02_the_same_records_again_change_nothing(sink: Sink, line: Any) -> None:
    before = stored(sink, line)
    if sink.name == "timescale":
        with psycopg.connect(line.addresses.postgres) as connection:
            connection.execute("TRUNCATE kafka_offsets")
    assert stored(sink, line) == before


def test_snk_03_what_was_forgotten_is_not_stored(sink: Sink, line: Any) -> None:
    store = sink.store(line)
    store.begin(PLACES)
    before = sink.content(line)
    fill(store)
    store.forget()
    assert (store.waiting_records, store.waiting_rows) == (0, 0)
    store.begin(PLACES)
    store.take(record(Topic.TICKS, 0, watermark()))
    store.flush()
    store.close()
    assert sink.content(line) == before


def test_snk_04_a_record_that_is_no_event_does_not_hold_up_the_others(sink: Sink, line: Any, make_line: Any) -> None:
    expected = stored(sink, make_line())
    store = sink.store(line)
    store.begin(PLACES)
    fill(store)
    store.take(record(Topic.TICKS, 3, b"\xff not json"))
    store.take(record(Topic.BARS, 2, b'{"symbol": 5}'))
    store.flush()
    assert store.stored == {(Topic.TICKS, 0): 4, (Topic.BARS, 0): 3}
    store.close()
    assert sink.content(line) == expected


BROKEN_VALUES = (b'{"symbol":"\xff"}', b'{"a":' + b"[" * 100_000)
BROKEN_IDENTITIES = (b"garbage", b"\xff|t|0|1|0", b"stage|input|0|9223372036854775808|0", b"st\x00age|input|0|1|0")


def test_snk_04_broken_text_endless_nesting_and_broken_headers_are_refused_as_well(sink: Sink, line: Any, make_line: Any) -> None:
    expected = stored(sink, make_line())
    before = _refused(sink)
    store = sink.store(line)
    store.begin(PLACES)
    fill(store)
    for offset, value in enumerate(BROKEN_VALUES, 2):
        store.take(record(Topic.BARS, offset, value, headers=headers_of([("id", None), ("trace", None)])))
    for offset, identity in enumerate(BROKEN_IDENTITIES, 4):
        store.take(record(Topic.BARS, offset, bar(7), headers=headers_of([("id", identity), ("trace", b"\xff")])))
    store.flush()
    assert store.stored[(Topic.BARS, 0)] == 8
    store.close()
    assert sink.content(line) == expected
    assert _refused(sink) == before + 6


def _refused(sink: Sink) -> float:
    metric = metrics.DEAD_LETTERS if sink.name == "timescale" else metrics.DROPPED
    return float(metric.labels(sink.process, Reason.UNDECODABLE)._value.get())


def test_snk_05_how_records_are_cut_into_batches_does_not_matter(sink: Sink, line: Any, make_line: Any) -> None:
    expected = stored(sink, make_line())
    store = sink.store(line)
    store.begin(PLACES)
    for offset, event in enumerate([envelope(ticks(1, 40)), watermark(), envelope(ticks(41, 60))]):
        store.take(record(Topic.TICKS, offset, event))
        store.flush()
    for offset, revision in enumerate((0, 1)):
        store.take(record(Topic.BARS, offset, bar(0, revision)))
        store.flush()
    store.close()
    assert sink.content(line) == expected


def test_snk_06_an_absent_server_is_a_store_that_is_down(sink: Sink, line: Any) -> None:
    away = {"timescale": "postgresql://postgres@127.0.0.1:1/none", "redis": "redis://127.0.0.1:1/0"}[sink.name]
    section = {"timescale": "postgres", "redis": "redis"}[sink.name]
    absent = type(line)(line.name, line.settings, type(line.addresses)(**{**_addresses(line), section: away}))
    store = sink.store(absent)
    for question in (store.ping, lambda: store.begin(PLACES)):
        with pytest.raises(StoreDown):
            question()
    store.close()


def _addresses(line: Any) -> dict[str, str]:
    return {name: getattr(line.addresses, name) for name in ("kafka", "postgres", "redis")}


def feed(line: Any) -> None:
    writer = Feed(line)
    writer.send_ticks(1, 3000, size=40)
    writer.send_series(9)
    writer.flush()


def is_drained(line: Any, sink: Sink) -> bool:
    """The last tick and the last series are there."""
    if sink.name == "timescale":
        return count(line) == 3000 and count(line, "trading_signals") == 9 and count(line, "market_ohlcv") == 9
    values = redis_values(line)
    return (
        len(values) == 4
        and values["quote:BTC-USDT"]["trade_id"] == 3_735_686_000
        and values["signal:BTC-USDT:1m"]["ts_open_ns"] == bar(8).ts_open_ns
    )


def test_snk_07_sigterm_flushes_and_leaves_with_0(sink: Sink, line: Any) -> None:
    feed(line)
    # A batch that is never old enough: only the end of the process writes it.
    slow = {"TICKERPLANT_SINK__BATCH_INTERVAL_S": "60", "TICKERPLANT_SINK__BATCH_ROWS": "1000000"}
    with sink_process(line, sink.name, **slow):
        wait_ready(line, sink.process)
        eventually(lambda: _records_read(line, sink) >= 75 + 12 * 3, 60)
        assert not is_drained(line, sink)
    assert is_drained(line, sink)


def _records_read(line: Any, sink: Sink) -> float:
    text = metrics_of(line, sink.process)
    return sum(float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith("tickerplant_records_in_total{"))


def test_snk_08_kill_9_between_any_two_steps_changes_nothing(sink: Sink, line: Any, make_line: Any) -> None:
    undisturbed = make_line()
    feed(undisturbed)
    with sink_process(undisturbed, sink.name):
        eventually(lambda: is_drained(undisturbed, sink), 60)
    writer = Feed(line)
    share = 3000 // len(sink.points)
    for number, point in enumerate(sink.points):  # each start has records of its own to write, besides what the killed one left
        writer.send_ticks(share * number + 1, share * (number + 1), size=40)
        writer.flush()
        process = start_sink(line, sink.name, TICKERPLANT_FAULTS__KILL_AT=f"{sink.process}:{point}:1")
        assert process.wait(60) == -signal.SIGKILL, log_of(line, sink.name)
        assert KillPoints(sink.process, "", line.settings.data_dir / "run").marker(point).exists()
    writer.send_series(9)
    writer.flush()
    with sink_process(line, sink.name):
        eventually(lambda: is_drained(line, sink), 60)
    assert sink.content(line) == sink.content(undisturbed)


def test_snk_09_ready_names_the_missing_part(sink: Sink, line: Any) -> None:
    away = {"timescale": "postgresql://postgres@127.0.0.1:1/none", "redis": "redis://127.0.0.1:1/0"}[sink.name]
    with sink_process(line, sink.name, **{sink.environment: away}):
        body = eventually(lambda: (found := ready(line, sink.process)).get("checks", {}).get("kafka") == "ok" and found, 60)
        assert body["status"] == "failing"
        assert body["checks"][sink.part] != "ok"


def test_snk_10_a_stopped_sink_goes_on_where_it_was(sink: Sink, line: Any) -> None:
    writer = Feed(line)
    writer.send_ticks(1, 1000)
    writer.flush()
    with sink_process(line, sink.name):
        eventually(lambda: sink.content(line) and _first_part_is_there(line, sink), 60)
    writer.send_ticks(1001, 3000)
    writer.send_series(9)
    writer.flush()
    with sink_process(line, sink.name):
        eventually(lambda: is_drained(line, sink), 60)
    if sink.name == "timescale":
        assert query(line, "SELECT count(DISTINCT seq), min(seq), max(seq) FROM market_ticks") == [(3000, 1, 3000)]


def _first_part_is_there(line: Any, sink: Sink) -> bool:
    if sink.name == "timescale":
        return count(line) == 1000
    return bool(redis_values(line)["quote:BTC-USDT"]["trade_id"] == 3_735_684_000)
