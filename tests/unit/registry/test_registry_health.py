"""How an ingestor is, asked as `sources health` asks: by its run file and its health address."""

import json
import os
from pathlib import Path

import pytest

from ingestors.process_shard import ProcessShard
from ingestors.registry import provider_of
from runtime import metrics
from runtime.clock import SystemClock
from runtime.health import Health, HealthServer, run_file
from runtime.settings import load_settings
from tickerplant.registry.health import NOT_RUNNING, health_of
from tickerplant.registry.view import lines, rows

COINBASE = provider_of("coinbase")


def test_a_running_ingestor_says_what_is_missing_and_how_old_its_newest_event_is(tmp_path: Path) -> None:
    clock, problem = SystemClock(), ["not connected"]
    health = Health(COINBASE.process, clock)
    health.add_check("connection", lambda: problem[0])
    server = HealthServer(health, load_settings(data_dir=tmp_path), os.getpid())
    server.start()
    try:
        metrics.DATA_TIME.labels("coinbase").set(1_000.0)
        found = health_of(COINBASE, "coinbase", tmp_path, 1_002.5)
        assert (found.running, found.ready, found.missing, found.data_age_s) == (True, False, "connection: not connected", 2.5)
        assert found.in_words() == "not ready (connection: not connected), newest event 2.5 s old"
        problem[0] = ""
        assert health_of(COINBASE, "coinbase", tmp_path, 1_002.5).in_words() == "ready, newest event 2.5 s old"
        assert health_of(COINBASE, "another", tmp_path, 1_002.5).data_age_s is None
    finally:
        server.stop()


def test_of_several_processes_each_is_told_by_its_name_and_one_that_is_gone_is_missed(tmp_path: Path) -> None:
    clock, problem, servers = SystemClock(), ["", "not connected"], []
    for at, shard in enumerate((ProcessShard(4, 1, 3), ProcessShard(4, 3, 3))):
        health = Health(shard.named(COINBASE.process), clock)
        health.add_check("connection", lambda at=at: problem[at])
        servers.append(HealthServer(health, load_settings(data_dir=tmp_path), os.getpid()))
        servers[-1].start()
    run_file(tmp_path, "ingest-coinbase-2of3").write_text(json.dumps({"pid": 2**22 + 1, "health": "http://127.0.0.1:9"}))
    run_file(tmp_path, "ingest-coinbase-advanced-1of2").write_text(run_file(tmp_path, "ingest-coinbase-1of3").read_text())
    try:
        found = health_of(COINBASE, "coinbase", tmp_path, 1_002.5)
        assert found.shards == {"1/3": "", "2/3": "not running", "3/3": "connection: not connected"}
        assert (found.running, found.ready) == (True, False)
        assert found.missing == "shard 2/3: not running; shard 3/3: connection: not connected"
        problem[1] = ""
        assert health_of(COINBASE, "coinbase", tmp_path, 1_002.5).missing == "shard 2/3: not running"
    finally:
        for server in servers:
            server.stop()


@pytest.mark.parametrize("content", ["", "[]", '{"pid": 0}', json.dumps({"pid": 2**22 + 1, "health": "http://127.0.0.1:9"})])
def test_one_that_is_gone_or_never_was_is_not_running(tmp_path: Path, content: str) -> None:
    assert health_of(COINBASE, "coinbase", tmp_path, 0) == NOT_RUNNING
    path = run_file(tmp_path, COINBASE.process)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert health_of(COINBASE, "coinbase", tmp_path, 0) == NOT_RUNNING


def test_the_list_says_what_can_be_said_without_a_stack(tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, providers={"coinbase": {"priority": 7}, "fmp": {"api_key": "a-secret-of-fmp"}})
    found, problem = rows(settings)
    assert "no address for" in problem
    by_name = {row.provider.name: row for row in found}
    assert (by_name["coinbase"].state, by_name["coinbase"].priority, by_name["coinbase"].key) == ("unknown", 7, "none needed")
    assert (by_name["csv-drop"].source, by_name["csv-drop"].priority) == ("", None)
    assert by_name["fmp"].key == "in the settings"
    assert by_name["alpha-vantage"].key == "unknown"
    assert "a-secret-of-fmp" not in json.dumps(by_name["fmp"].document())
    assert all(len(text.splitlines()) == 1 for text in lines(found))
