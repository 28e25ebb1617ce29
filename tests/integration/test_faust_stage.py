"""A stage on a real Kafka: what it writes, refuses, repeats and acknowledges."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from schemas.headers import IDENTITY, TRACE
from schemas.identity import Identity
from schemas.topics import Topic
from tests.counting_stage import INPUT, OUTPUT, SECOND_INPUT, SHOWN, STATE
from tests.stage_world import StageWorld, stop, stop_all
from tests.support import eventually

pytestmark = pytest.mark.stack
PARTITIONS = 3
Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def world(make_line: Callable[..., Any], tmp_path: Path) -> StageWorld:
    return StageWorld(make_line(kafka={"partitions": PARTITIONS}), tmp_path)


@pytest.fixture
def start(world: StageWorld) -> Iterator[Start]:
    """Starts workers that end with the test."""
    processes: list[subprocess.Popen[bytes]] = []

    def start_one(*arguments: Any, **env: str) -> subprocess.Popen[bytes]:
        processes.append(world.start(*arguments, **env))
        return processes[-1]

    yield start_one
    stop_all(processes)


def test_outputs_are_the_cores_and_carry_identity_and_trace(world: StageWorld, start: Start) -> None:
    world.feed(str(number) for number in range(300))
    worker = start()
    world.await_committed()
    assert world.outputs() == world.expected()
    inputs = {(one.partition, one.offset): one for one in world.read(INPUT)}
    for output in world.read(OUTPUT):
        identity = Identity.decode(output.headers[IDENTITY])
        assert identity == Identity("counting", INPUT.value, output.partition, identity.offset, 0)
        source = inputs[output.partition, identity.offset]
        assert (output.key, output.headers[TRACE], output.headers["type"]) == (source.key, source.headers[TRACE], b"count")
    assert stop(worker) == 0


def test_a_stopped_worker_has_committed_all_and_the_next_one_repeats_nothing(world: StageWorld, start: Start) -> None:
    world.feed(str(number) for number in range(90))
    worker = start()
    eventually(lambda: sum(world.ends(OUTPUT).values()) == 90)
    assert stop(worker) == 0
    assert world.committed() == world.ends() == world.covered()
    world.feed(str(number) for number in range(90))
    worker = start()
    world.await_committed()
    assert stop(worker) == 0
    assert sum(world.ends(OUTPUT).values()) == 180
    assert world.outputs() == world.expected()


def test_a_refused_record_is_a_dead_letter_with_its_bytes_and_the_rest_goes_on(world: StageWorld, start: Start) -> None:
    world.feed([b"1", b"bad \xff\x00", b"2"], partition=1)
    start()
    world.await_committed()
    (letter,) = world.dead_letters()
    assert letter.payload == b"bad \xff\x00"
    assert (letter.stage, letter.topic, letter.partition, letter.offset, letter.reason) == ("counting", INPUT.value, 1, 1, "invalid_field")
    assert (letter.trace, letter.headers) == ("trace-1", {TRACE: "trace-1"})
    assert letter.ts_ns > 0
    assert world.outputs() == world.expected()


def test_a_bug_stops_the_process_loudly_with_nothing_acknowledged(world: StageWorld, start: Start) -> None:
    world.feed(["1", "2", "bug", "3"], partition=2)
    worker = start()
    assert worker.wait(timeout=60) == 70
    failed = world.logged("record_failed")[0]
    assert (failed["topic"], failed["partition"], failed["offset"], failed["trace"]) == (INPUT.value, 2, 2, "trace-2")
    assert "ZeroDivisionError" in failed["error"]
    assert world.committed() == {}
    assert world.covered() == {}


def test_a_transient_error_is_tried_again_and_nothing_is_lost(world: StageWorld, start: Start) -> None:
    world.feed(["1", "flaky", "2"], partition=0)
    start()
    world.await_committed()
    assert world.outputs() == world.expected()
    assert len(world.outputs()[0]) == 3


def test_records_that_another_stage_wrote_twice_are_applied_once(world: StageWorld, start: Start) -> None:
    identities = [Identity("before", "market.ticks.raw", 0, offset, 0).encode() for offset in (5, 6, 5, 6, 7)]
    for identity in identities:
        world.feed(["1"], partition=0, headers={IDENTITY: identity})
    worker = start()
    world.await_committed()
    assert len(world.outputs()[0]) == 3
    assert stop(worker) == 0
    world.feed(["1"], partition=0, headers={IDENTITY: identities[0]})  # what was seen survives with the state
    start()
    world.await_committed()
    assert len(world.outputs()[0]) == 3


def test_state_larger_than_a_record_is_restored(world: StageWorld, start: Start) -> None:
    world.feed(["1", "grow 4000000", "2"], partition=0)
    worker = start()
    world.await_committed()
    assert stop(worker) == 0
    assert len(world.read(STATE)) > 2
    world.feed(["3"], partition=0)
    start()
    world.await_committed()
    assert world.outputs() == world.expected()


def test_killed_between_each_two_commit_steps_the_outputs_are_the_same(world: StageWorld, start: Start) -> None:
    """Each start is killed at the next point; what is durable then is what the commit order says."""
    durable = {
        "outputs_produced": (False, False),
        "outputs_delivered": (False, False),
        "snapshot_delivered": (True, False),
        "offsets_committed": (True, True),
    }
    kill_at = ",".join(f"process-counting:{point}:1" for point in durable)
    for point, (snapshot, offsets) in durable.items():
        world.feed(str(number) for number in range(150))
        assert start(TICKERPLANT_FAULTS__KILL_AT=kill_at).wait(timeout=60) == -9
        assert world.marker(point).exists()
        assert (bool(world.covered()), bool(world.committed())) == (snapshot, offsets)
    world.feed(str(number) for number in range(30))
    worker = start(TICKERPLANT_FAULTS__KILL_AT=kill_at)
    world.await_committed()
    assert stop(worker) == 0
    assert world.outputs() == world.expected()
    assert world.covered() == world.committed() == world.ends()


def test_what_a_snapshot_covers_is_committed_though_nothing_more_comes(world: StageWorld, start: Start) -> None:
    """Killed between the two, and the log stays idle: whoever takes over commits for the dead one, or its lag would stay for ever."""
    world.feed(str(number) for number in range(40))
    assert start(TICKERPLANT_FAULTS__KILL_AT="process-counting:snapshot_delivered:1").wait(timeout=60) == -9
    assert (bool(world.covered()), bool(world.committed())) == (True, False)
    covered = world.covered()
    worker = start()
    eventually(lambda: all(world.committed().get(place) == offset for place, offset in covered.items()), timeout_s=60)
    world.await_committed()
    assert stop(worker) == 0
    assert world.outputs() == world.expected()


def test_hostile_headers_and_null_values_are_dead_letters_and_stop_nothing(world: StageWorld, start: Start) -> None:
    world.feed(["1"], partition=0, headers={IDENTITY: b"no identity \xff"})
    world.feed(["bad"], partition=0, headers={TRACE: None, IDENTITY: None})  # type: ignore[dict-item]
    world.feed([None, "2"], partition=0)
    start()
    world.await_committed()
    assert [(one.offset, one.reason) for one in world.dead_letters()] == [(0, "undecodable"), (1, "invalid_field")]
    assert len(world.outputs()[0]) == 2


def test_a_core_that_never_returns_is_ended_by_the_watchdog(world: StageWorld, start: Start) -> None:
    world.feed(["1", "hang", "2"], partition=1)
    worker = start(TICKERPLANT_PROCESS__STALL_TIMEOUT_S="3")
    assert worker.wait(timeout=60) == 70
    assert world.logged("stage_stalled")[0]["what"] == "event loop"
    assert world.committed() == {}


def test_two_input_topics_share_a_core_and_are_both_covered(world: StageWorld, start: Start) -> None:
    for _ in range(2):
        world.feed(str(number) for number in range(60))
        world.feed((str(number) for number in range(30)), topic=SECOND_INPUT)
        worker = start(0, "two")
        world.await_committed()
        eventually(lambda: sum(map(len, world.outputs().values())) % 90 == 0)
        assert stop(worker) == 0
    assert sum(map(len, world.outputs().values())) == 180
    assert sum(world.ends(OUTPUT).values()) == 180  # nothing was read twice
    counts = [json.loads(value)["count"] for values in world.outputs().values() for value in values]
    assert max(counts) > 60 / PARTITIONS  # a key's records of both topics are counted together


def test_two_topics_that_one_stage_wrote_from_the_same_input_are_both_read_whole(world: StageWorld, start: Start) -> None:
    """Whichever is read first: the newest identity of the one says nothing of the other."""
    for topic in (INPUT, SECOND_INPUT):
        for offset in (5, 6, 7):
            world.feed(["1"], partition=0, headers={IDENTITY: Identity("before", "market.ticks.raw", 0, offset, 0).encode()}, topic=topic)
    worker = start(0, "two")
    world.await_committed()
    eventually(lambda: len(world.outputs().get(0, [])) == 6)
    assert stop(worker) == 0


def test_ephemeral_records_stand_beside_exact_outputs(world: StageWorld, start: Start) -> None:
    """They are written all the time, through commits and a restart, and no output, identity or offset knows of them."""
    for _ in range(2):
        world.feed(str(number) for number in range(60))
        worker = start(0, "shown")
        shown_before = sum(world.ends(SHOWN).values())
        world.await_committed()
        eventually(lambda before=shown_before: sum(world.ends(SHOWN).values()) >= before + 2 * PARTITIONS)  # type: ignore[misc]
        assert stop(worker) == 0
    assert world.outputs() == world.expected()
    assert sum(world.ends(OUTPUT).values()) == 120
    shown = world.read(SHOWN)
    assert {frozenset(record.headers) for record in shown} == {frozenset()}
    sums = {
        partition: json.loads([record.value for record in shown if record.partition == partition][-1]) for partition in range(PARTITIONS)
    }
    assert sum(count for partition in sums.values() for count, _ in partition.values()) == 120


def test_health_and_metrics_tell_progress(world: StageWorld, start: Start) -> None:
    world.feed(str(number) for number in range(30))
    start()
    world.await_committed()
    ready = eventually(lambda: (answer := httpx.get(world.url("/ready"))).status_code == 200 and answer.json())
    assert ready["checks"] == {"kafka": "ok", "partitions": "ok", "lag": "ok"}
    no_lag = f'tickerplant_lag_records{{partition="0",stage="counting",topic="{INPUT.value}"}} 0.0'  # measured every second
    text = eventually(lambda: no_lag in (page := httpx.get(world.url("/metrics")).text) and page)
    assert f'tickerplant_records_in_total{{stage="counting",topic="{INPUT.value}"}} 30.0' in text
    assert f'tickerplant_records_out_total{{stage="counting",topic="{OUTPUT.value}"}} 30.0' in text
    assert 'tickerplant_part_up{part="kafka",stage="counting"} 1.0' in text
    assert 'tickerplant_commits_total{stage="counting"}' in text


def test_a_missing_topic_and_a_wrong_partition_count_are_said_in_one_line(world: StageWorld, start: Start) -> None:
    admin = AdminClient({"bootstrap.servers": world.bootstrap})
    name = world.kafka.topic(INPUT)
    admin.create_partitions([NewPartitions(name, PARTITIONS + 1)])[name].result()
    assert start().wait(timeout=60) == 2
    assert f"topic {name} has 4 partitions, the settings say 3" in world.log()
    admin.delete_topics([name])[name].result()
    eventually(lambda: name not in admin.list_topics(timeout=5).topics)
    assert start().wait(timeout=60) == 2
    assert f"topic {name} does not exist; create the topics with `tickerplant topics apply`" in world.log()
    assert "Traceback" not in world.log()
    assert Topic.DLQ in world.kafka.topic_names
