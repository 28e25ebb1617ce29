"""The fan-out's load clients against the library's server, and its table."""

import json
import subprocess
import sys
import time

import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader

from bench.fan_out import FanOut
from bench.fan_out_text import fan_out_text
from bench.figures import spread
from bench.local_stack import ROOT
from bench.socket_clients import masked


def test_clients_count_what_a_server_sends() -> None:
    server = subprocess.Popen([sys.executable, "-m", "bench.peers.broadcast", "50"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        command = [sys.executable, "-m", "bench.socket_clients", server.stdout.readline().strip(), "7"]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
            assert load.stdout is not None
            assert load.stdout.readline() == "ready\n"
            assert load.stdin is not None
            load.stdin.write("\n")
            load.stdin.flush()
            time.sleep(0.5)  # what is measured is how much comes in a time
            said, _ = load.communicate("\n", timeout=30)
        found = json.loads(said)
    finally:
        server.kill()
        server.wait()
        if server.stdout is not None:
            server.stdout.close()
    assert found["messages"] > 0
    assert found["closed"] == 0
    assert len(found["latencies_ns"]) <= found["messages"]


def test_masked_frame_is_a_clients() -> None:
    for length in (0, 125, 126, 3000):
        reader = StreamReader()
        reader.feed_data(masked(b"x" * length))
        parsing = Frame.parse(reader.read_exact, mask=True)
        with pytest.raises(StopIteration) as done:
            next(parsing)
        assert bytes(done.value.value.data) == b"x" * length


def test_table_says_whether_everything_came() -> None:
    results = {
        "ours": FanOut(1000, 50.0, 50_000, 50_000, 5.0, 2.0, spread([1_000_000]), 16.0, 0),
        "other": FanOut(1000, 50.0, 30_000, 50_000, 9.0, 2.0, spread([1_000_000]), 16.0, 1),
    }
    lines = fan_out_text(results).splitlines()
    assert " all " in lines[3]
    assert "200,000" in lines[3]
    assert "of 50,000" in lines[4]
