"""`tickerplant up --live A/2,B`: several providers beside each other, a streaming one in two processes and a polled one, at local servers that speak their protocols."""

import asyncio
import json
from typing import Any

import psycopg
import pytest

from runtime.clock import SystemClock
from tests.poll_server import poll_server
from tests.polled.cryptocompare import CryptoCompare
from tests.support import as_environment, eventually_async, run_tickerplant
from tests.venue_server import venue
from tests.venues.kraken import Kraken

pytestmark = pytest.mark.usefixtures("untraced_children")


@pytest.mark.timeout(300)
async def test_several_live_providers_fill_the_tables_of_one_line(make_line: Any) -> None:
    line, kraken, polled = make_line(kafka={"partitions": 2}), Kraken(), CryptoCompare()
    async with venue(kraken) as (server, *urls), poll_server(polled, SystemClock()) as (_, url):
        providers = kraken.sections(*urls)["providers"] | polled.sections(url)["providers"]  # type: ignore[operator]
        environment = line.env(**as_environment({"providers": providers}))
        up = await asyncio.to_thread(run_tickerplant, "up", "--live", "kraken/2,cryptocompare", "--detach", env=environment, timeout_s=200)
        try:
            assert up.returncode == 0, up.stdout + up.stderr
            answer = json.loads((await asyncio.to_thread(run_tickerplant, "status", "--json", env=environment)).stdout)
            states = {one["name"]: one["state"] for one in answer["processes"] if one["name"].startswith("ingest-")}
            assert answer["feed"] == "live"
            assert states == dict.fromkeys(("ingest-kraken-1of2", "ingest-kraken-2of2", "ingest-cryptocompare"), "ready")
            await eventually_async(lambda: server.subscribed == set(kraken.symbols), timeout_s=60)
            assert [len(client.symbols) for client in server.clients] == [1, 1]
            for symbol in kraken.symbols:
                server.happen(symbol, 5)
            await eventually_async(lambda: asyncio.to_thread(_is_stored, line, kraken, polled), timeout_s=90, interval_s=0.5)
        finally:
            down = await asyncio.to_thread(run_tickerplant, "down", env=environment)
        assert down.stdout == "stopped\n"
        verdict = await asyncio.to_thread(run_tickerplant, "verify", env=environment)
        assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def _is_stored(line: Any, kraken: Kraken, polled: CryptoCompare) -> bool:
    """Each of them in its way: trades, and bars that are the primary ones as nobody else has some."""
    with psycopg.connect(line.addresses.postgres) as connection:
        trades = connection.execute(
            "SELECT symbol, count(*) FROM market_ticks WHERE source = 'kraken' AND kind = 'trade' GROUP BY 1"
        ).fetchall()
        bars = connection.execute(
            "SELECT symbol, count(*), bool_and(is_primary) FROM market_ohlcv WHERE source = 'cryptocompare' GROUP BY 1"
        ).fetchall()
    assert dict(trades) == dict.fromkeys(kraken.symbols, 5)
    assert {symbol: (number >= 5, primary) for symbol, number, primary in bars} == dict.fromkeys(polled.symbols, (True, True))
    return True
