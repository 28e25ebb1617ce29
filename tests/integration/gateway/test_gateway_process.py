"""The gateway as a process: its port, its page, and a Kafka that goes away and comes back."""

import time
from typing import Any

import httpx
import pytest

from tests.gateway_events import trade
from tests.gateway_support import Feeder, Gateway, client_of, running_gateway
from tests.support import eventually, run_tickerplant

pytestmark = pytest.mark.stack


def test_page_is_served_with_strict_headers(gateway: Gateway) -> None:
    page = httpx.get(f"{gateway.url}/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    chart = httpx.get(f"{gateway.url}/vendor/lightweight-charts.js")
    assert len(chart.content) == int(chart.headers["Content-Length"]) > 100_000
    assert httpx.get(f"{gateway.url}/../app.py").status_code == 404


def test_second_gateway_on_the_port_is_one_line(gateway: Gateway, module_line: Any, tmp_path: Any) -> None:
    port = gateway.url.rsplit(":", 1)[1]
    done = run_tickerplant("gateway", "--port", port, env=module_line.env(TICKERPLANT_DATA_DIR=str(tmp_path)))
    assert done.returncode == 2
    assert done.stderr.strip().count("\n") == 0
    assert f"127.0.0.1:{port}" in done.stderr


def test_processes_need_a_port_and_a_number_each(line: Any) -> None:
    for words, more in ((("--instance", "1"), {}), ((), {"TICKERPLANT_GATEWAY__PROCESSES": "2", "TICKERPLANT_GATEWAY__PORT": "0"})):
        done = run_tickerplant("gateway", *words, env=line.env(**more))
        assert (done.returncode, done.stderr.strip().count("\n")) == (2, 0)
        assert "gateway.p" in done.stderr


async def test_kafka_away_and_back(line: Any, stack: Any) -> None:
    if stack.running is None:
        pytest.skip("these servers are not ours to stop")
    feeder = Feeder(line)
    with running_gateway(line) as gateway:
        async with client_of(gateway) as client:
            await client.subscribe("ticks")
            feeder.ticks(trade(1))
            feeder.flush()
            await client.updates(1)
            stack.running.children["kafka"].stop(20)
            stopped_s = time.monotonic()
            try:
                while (await client.until("status"))["kafka"] != "down":
                    pass
                eventually(lambda: gateway.ready()[1]["kafka"] != "ok")
                assert not gateway.ready()[0]
                assert httpx.get(gateway.url).status_code == 200
                await client.send(action="ping")
                assert (await client.receive())["type"] == "pong"
                assert time.monotonic() - stopped_s < 60
            finally:
                stack.running.restart("kafka")
            while (await client.until("status"))["kafka"] != "up":
                pass
            feeder.ticks(trade(2))
            feeder.flush()
            assert [message["source_seq"] for message in await client.updates(1)] == [2]
            eventually(lambda: gateway.ready()[0])
