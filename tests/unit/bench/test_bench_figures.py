"""The benchmark's arithmetic: percentiles, costs, tables, usage of process trees, what a run says it would do."""

import json
import math
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import Spread, percentile, spread, table
from bench.latency import Latency
from bench.peers.race import Result
from bench.report import as_json, latency_text, peers_text, throughput_text
from bench.throughput import Cost, Throughput, cost
from bench.usage import Sampler, Usage
from tests.support import eventually


def test_nearest_rank() -> None:
    ordered = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [percentile(ordered, share) for share in (0.5, 0.9, 0.99, 1.0)] == [5, 9, 10, 10]
    assert percentile([7], 0.5) == 7


@given(st.lists(st.integers(-(10**9), 10**12), min_size=1), st.floats(0.01, 1))
def test_at_least_that_share_is_not_above_the_percentile(samples: list[int], share: float) -> None:
    value = percentile(sorted(samples), share)
    assert value in samples
    assert sum(sample <= value for sample in samples) >= share * len(samples) - 1e-9


def test_spread_is_in_milliseconds() -> None:
    found = spread([1_000_000 * n for n in range(1, 101)])
    assert found == Spread(count=100, p50_ms=50, p90_ms=90, p99_ms=99, max_ms=100)
    assert math.isnan(spread([]).p99_ms)


def test_cost_flags_only_our_own_processes() -> None:
    usage = Usage(core_s=3.0, rss_bytes=100_000_000, peak_bytes=150_000_000)
    ours, server = cost(usage, 1_500_000, "process-bars"), cost(usage, 1_500_000, "kafka")
    assert ours == Cost(core_s=3.0, core_s_per_million=2.0, rss_mb=100, peak_mb=150, over_limit=True)
    assert not server.over_limit


def test_table_aligns_and_names_what_is_missing() -> None:
    text = table("title", ("name", "rate"), [("a", 1234567.0), ("long name", math.nan), ("b", 0.12345), ("c", 12)])
    assert text.splitlines()[3:] == ["a          1,234,567", "long name          -", "b              0.123", "c                 12"]


def test_texts_hold_the_figures() -> None:
    line = Throughput(
        1_000_000, 50.0, 10.0, 100_000.0, True, {"gateway": Cost(1.0, 1.0, 90.0, 130.0, True)}, 1.0, {"market.ticks": 40_000_000}
    )
    assert "100,000 ticks/s (target 60,000: reached)" in throughput_text(line)
    assert "over" in throughput_text(line)
    one = spread([2_000_000])
    latencies = latency_text({"all": Latency(10.0, 1.0, one, one, one)}, one)
    assert "receipt to client" in latencies
    assert "a bare hop" in latencies
    raced = peers_text({"slow": Result(10, 5.0, 1.0, 0.1), "fast": Result(100, 50.0, 1.0, 1.0)})
    assert raced.index("fast") < raced.index("slow")


def test_json_has_no_nan() -> None:
    text = json.dumps(as_json({"latency": {"all": Latency(1.0, 1.0, spread([]), spread([]), spread([5]))}}), allow_nan=False)
    assert json.loads(text)["latency"]["all"]["one_hop"]["p50_ms"] is None


def test_sampler_follows_children_and_keeps_what_ended() -> None:
    burn = "import time\nend = time.process_time() + 0.5\nwhile time.process_time() < end: pass\ninput()"
    shell = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    with subprocess.Popen([sys.executable, "-c", shell], stdin=subprocess.PIPE) as process:
        with Sampler(lambda: {"tree": process.pid}) as sampler:
            eventually(lambda: sampler.usage().get("tree", Usage()).core_s >= 0.4, timeout_s=20)
            assert sampler.usage()["tree"].rss_bytes > 5_000_000
            process.communicate(b"\n", timeout=20)
        assert sampler.usage()["tree"].core_s >= 0.4
        assert sampler.usage()["tree"].peak_bytes > 5_000_000
        assert sampler.usage(until_s=0.0)["tree"].core_s < 0.1  # of the first sample: what was used before does not count


def test_sampler_leaves_out_what_was_used_before() -> None:
    with Sampler(lambda: {"me": os.getpid()}) as sampler:
        pass
    assert sampler.usage()["me"].core_s < 0.5  # this test run used more than that before


def test_an_unknown_part_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "bench", "--only", "speed"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "none of" in done.stderr


@pytest.mark.parametrize("module", ["copy_confluent", "copy_ours", "copy_quix"])
def test_peers_can_be_imported(module: str) -> None:
    assert callable(__import__(f"bench.peers.{module}", fromlist=["main"]).main)
