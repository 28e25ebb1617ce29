"""Sinks as processes while their servers go away in the middle of a load: nothing lost, nothing twice, no process gone."""

from typing import Any

import pytest

from sinks.reader import TopicReader
from sinks.timescale.store import TOPICS as TIMESCALE_TOPICS
from tests.outages import stopped
from tests.sink_events import trade
from tests.sink_processes import Feed, failing, log_of, sink_process, wait_ready
from tests.sinks_world import count, exact, query, redis_values
from tests.support import eventually

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("untraced_children")]
TICKS = 20_000
SMALL = {"TICKERPLANT_SINK__BATCH_ROWS": "500", "TICKERPLANT_SINK__BATCH_INTERVAL_S": "0.02"}


def test_postgres_killed_in_the_middle_of_a_load(line: Any, stack: Any) -> None:
    writer = Feed(line)
    with sink_process(line, "timescale", **SMALL) as process:
        writer.send_ticks(1, TICKS, size=20)
        writer.flush()
        eventually(lambda: count(line) > 0, 60)
        with stopped(stack, "postgres"):
            writer.send_ticks(TICKS + 1, TICKS + 5000, size=20)
            writer.flush()
            eventually(lambda: "postgres" in (found := failing(line, "sink-timescale")) and "kafka" not in found, 60)
        eventually(lambda: count(line) == TICKS + 5000, 90)
        wait_ready(line, "sink-timescale")
        assert process.poll() is None, log_of(line, "timescale")
    exact(line, TICKS + 5000)


def test_connections_cut_again_and_again(line: Any) -> None:
    writer = Feed(line)
    writer.send_ticks(1, TICKS, size=10)
    writer.flush()
    cut = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name LIKE 'sink-timescale%' AND datname = current_database()"
    )
    with sink_process(line, "timescale", **SMALL) as process:
        cuts = 0
        while count(line) < TICKS:
            cuts += query(line, cut)[0][0]
            before = count(line)
            eventually(lambda at=before: count(line) >= min(TICKS, at + 1500), 60)
        assert process.poll() is None, log_of(line, "timescale")
    assert cuts > 0
    exact(line, TICKS)


def test_redis_killed_in_the_middle_of_a_load(line: Any, stack: Any) -> None:
    writer = Feed(line)
    with sink_process(line, "redis", **SMALL) as process:
        writer.send_ticks(1, 1000)
        writer.flush()
        eventually(lambda: redis_values(line), 60)
        with stopped(stack, "redis"):
            writer.send_ticks(1001, 2000)
            writer.flush()
            eventually(lambda: "redis" in failing(line, "sink-redis"), 60)
        eventually(lambda: redis_values(line).get("quote:BTC-USDT", {}).get("trade_id") == trade(2000).trade_id, 60)
        wait_ready(line, "sink-redis")
        assert process.poll() is None, log_of(line, "redis")


def test_kafka_killed_in_the_middle_of_a_load(line: Any, stack: Any) -> None:
    writer = Feed(line)
    with sink_process(line, "timescale", **SMALL) as process:
        writer.send_ticks(1, 2000)
        writer.flush()
        eventually(lambda: count(line) == 2000, 60)
        with stopped(stack, "kafka"):
            eventually(lambda: "kafka" in failing(line, "sink-timescale"), 60)
            assert "postgres" not in failing(line, "sink-timescale")
        writer.send_ticks(2001, 3000)
        writer.flush()
        eventually(lambda: count(line) == 3000, 180)
        assert process.poll() is None, log_of(line, "timescale")
    exact(line, 3000)


def test_partitions_lost_and_won_back_while_postgres_is_away(make_line: Any, stack: Any) -> None:
    line = make_line(kafka={"session_timeout_s": 6})
    writer = Feed(line)
    environment = {**SMALL, "TICKERPLANT_KAFKA__SESSION_TIMEOUT_S": "6"}
    with sink_process(line, "timescale", **environment) as process:
        writer.send_ticks(1, 2000)
        writer.flush()
        eventually(lambda: count(line) == 2000, 60)
        with stopped(stack, "postgres"):
            writer.send_ticks(2001, 3000)
            writer.flush()
            eventually(lambda: "postgres" in failing(line, "sink-timescale"), 60)
            other = TopicReader(line.settings.kafka, line.addresses.kafka, "sink-timescale", TIMESCALE_TOPICS, 1)
            eventually(lambda: other.idle(0.1) or other.assigned, 60)
            other.close()  # its share goes back to the process once its session is over
        eventually(lambda: count(line) == 3000, 180)
        wait_ready(line, "sink-timescale")
        assert process.poll() is None, log_of(line, "timescale")
    exact(line, 3000)
