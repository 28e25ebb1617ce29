"""`tickerplant up` as `make run` calls it: all our processes and the simulated feed, until the time is over."""

import json
import os
import pty
import subprocess

import psycopg
import pytest
import redis

from tests.support import run_tickerplant, tickerplant_command

pytestmark = pytest.mark.usefixtures("untraced_children")


@pytest.mark.timeout(300)
def test_the_simulated_feed_goes_through_the_whole_line_and_ends_by_itself(line) -> None:
    done = run_tickerplant("up", "--symbols", "BTC-USDT", "--run-for", "15", env=line.env(), timeout_s=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "feed SIMULATED" in done.stdout
    assert done.stdout.splitlines()[-1] == "stopped"
    with psycopg.connect(line.addresses.postgres) as connection:
        for table in ("market_ticks", "market_ohlcv"):
            sources = connection.execute(f"SELECT symbol, source, count(*) > 0 FROM {table} GROUP BY 1, 2").fetchall()  # type: ignore[arg-type]
            assert sources == [("BTC-USDT", "binance-simulated", True)], table
    with redis.Redis.from_url(line.addresses.redis) as client:
        assert any(b"BTC-USDT" in key for key in client.scan_iter(count=1000))


@pytest.mark.timeout(300)
def test_detached_it_returns_when_all_is_ready(line) -> None:
    up = run_tickerplant("up", "--no-feed", "--detach", env=line.env(), timeout_s=200)
    try:
        assert up.returncode == 0, up.stdout + up.stderr
        answer = json.loads(run_tickerplant("status", "--json", env=line.env()).stdout)
        assert (answer["running"], answer["ready"], answer["feed"]) == (True, True, "none")
        assert {one["state"] for one in answer["processes"]} == {"ready"}
        assert answer["page"].startswith("http://127.0.0.1:")
    finally:
        assert run_tickerplant("down", env=line.env()).stdout == "stopped\n"


@pytest.mark.timeout(300)
def test_on_a_terminal_it_draws_the_table(line) -> None:
    ours, theirs = pty.openpty()
    command = tickerplant_command("up", "--no-feed", "--run-for", "3")
    env = line.env(TERM="xterm-256color", COLUMNS="160", LINES="50")
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True)
    os.close(theirs)
    text = "".join(chunk.decode(errors="replace") for chunk in iter(lambda: read(ours), b""))
    assert process.wait(60) == 0
    for word in ("no feed", "process-validate", "p99 ms", "Ctrl-C stops everything"):
        assert word in text


def read(descriptor: int) -> bytes:
    """A chunk of the terminal's output; empty when the other side is closed."""
    try:
        return os.read(descriptor, 65_536)
    except OSError:
        return b""
