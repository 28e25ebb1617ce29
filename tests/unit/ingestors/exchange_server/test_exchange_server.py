"""The server speaks the exchange's protocol: commands, wrapped and bare frames, REST; paces and faults."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from ingestors.exchange_server.generator import Generated, Generator
from ingestors.exchange_server.pace import CatchUpPace, MaxPace, TimelinePace
from ingestors.exchange_server.rest import Rest
from ingestors.exchange_server.server import ExchangeServer
from runtime.clock import ManualClock, SystemClock
from runtime.errors import UserError
from tests.feeds import START_NS, capture_of, exchange_of, quote_frame, trade_frame
from tests.support import eventually_async

FRAMES = [trade_frame(1), quote_frame(5), trade_frame(2)]


@asynccontextmanager
async def playing(tmp_path: Path, frames: list[str] | None = None, pace: Any = None) -> AsyncIterator[tuple[ExchangeServer, str, str]]:
    async with exchange_of(capture_of(tmp_path / "c", frames or FRAMES), pace) as (server, urls):
        yield server, urls["websocket_url"], urls["rest_url"]


async def everything(url: str) -> tuple[list[dict[str, Any]], int, str]:
    """All messages until the close, its code and reason."""
    messages = []
    async with connect(url, proxy=None, compression=None) as client:
        try:
            async for message in client:
                messages.append(json.loads(message))
        except ConnectionClosed:
            pass
    return messages, client.close_code or 0, client.close_reason or ""


async def test_the_combined_stream_and_the_end(tmp_path: Path) -> None:
    async with playing(tmp_path) as (server, url, _):
        messages, code, reason = await everything(f"{url}/stream?streams=btcusdt@trade/btcusdt@bookTicker")
        assert [message["stream"] for message in messages] == ["btcusdt@trade", "btcusdt@bookTicker", "btcusdt@trade"]
        assert messages[0]["ts_capture_ns"] == START_NS
        assert (code, reason) == (1000, "end of the material")
        await asyncio.wait_for(server.ended.wait(), 10)


async def test_only_what_was_subscribed_to(tmp_path: Path) -> None:
    async with playing(tmp_path) as (_, url, _):
        messages, _, _ = await everything(f"{url}/stream?streams=btcusdt@bookTicker/nosuch@trade")
        assert [message["data"]["u"] for message in messages] == [5]


async def test_raw_streams_are_bare(tmp_path: Path) -> None:
    async with playing(tmp_path) as (_, url, _):
        messages, _, _ = await everything(f"{url}/ws/btcusdt@trade")
        assert [message["t"] for message in messages] == [1, 2]


async def test_commands(tmp_path: Path) -> None:
    async with playing(tmp_path) as (server, url, _), connect(f"{url}/stream", proxy=None) as client:

        async def ask(text: str) -> Any:
            await client.send(text)
            return json.loads(await client.recv())

        assert await ask('{"method":"LIST_SUBSCRIPTIONS","id":3}') == {"result": [], "id": 3}
        assert (await ask("{"))["code"] == 3
        assert (await ask('{"method":"DANCE","id":1}'))["code"] == 2
        assert server.frames.total() == 0  # nothing plays while nobody listens
        assert await ask('{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":"a"}') == {"result": None, "id": "a"}
        assert json.loads(await client.recv())["data"]["t"] == 1


async def test_at_max_nothing_plays_while_nobody_listens(tmp_path: Path) -> None:
    frames = [trade_frame(i) for i in range(1, 30_001)]
    async with playing(tmp_path, frames) as (server, url, rest):
        client = await connect(f"{url}/stream?streams=btcusdt@trade", proxy=None, compression=None, max_queue=1)
        first = json.loads(await client.recv())["data"]["t"]
        await eventually_async(lambda: server.frames.total() > 0)
        client.transport.abort()
        await eventually_async(lambda: server.clients == 0)
        played = server.frames.total()
        await asyncio.sleep(0)
        assert first == 1
        assert server.frames.total() == played < 30_000
        async with httpx.AsyncClient() as http:
            rows = (await http.get(f"{rest}/api/v3/historicalTrades?symbol=BTCUSDT&fromId={played - 4}")).json()
        assert [row["id"] for row in rows] == list(range(played - 4, played + 1))
        messages, _, _ = await everything(f"{url}/stream?streams=btcusdt@trade")
        assert [message["data"]["t"] for message in messages] == list(range(played + 1, 30_001))


async def test_a_client_that_says_goodbye_and_does_not_hang_up_stops_nothing(tmp_path: Path) -> None:
    frames = [trade_frame(i, START_NS + i * 2_000_000) for i in range(1, 201)]
    async with playing(tmp_path, frames, TimelinePace(1, SystemClock())) as (server, url, _):
        host, port = url.removeprefix("ws://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        upgrade = (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        )
        writer.write(f"GET /stream?streams=btcusdt@trade HTTP/1.1\r\nHost: {host}\r\n{upgrade}\r\n".encode())
        await eventually_async(lambda: server.frames.total() > 20)
        writer.write(b"\x88\x82\0\0\0\0\x03\xe8")  # close, 1000
        await eventually_async(lambda: server.frames.total() == len(frames))
        writer.close()
        assert (await reader.read()).startswith(b"HTTP/1.1 101")


async def test_catching_up_ends_at_the_clock_and_not_at_the_end_of_a_chunk(tmp_path: Path) -> None:
    """Frames of the next seconds stand in the same chunk: played at once, they would come before their time, and then nothing for as long."""
    clock = ManualClock(START_NS + 100_000_000)
    frames = [quote_frame(i) for i in range(400)]
    async with playing(tmp_path, frames, CatchUpPace(clock)) as (server, url, _):
        reading = asyncio.ensure_future(everything(f"{url}/stream?streams=btcusdt@bookTicker"))
        await eventually_async(lambda: server.frames.total() == 101)
        await asyncio.sleep(0.05)
        assert server.frames.total() == 101
        clock.advance_s(300)
        messages, _, _ = await reading
        assert [message["data"]["u"] for message in messages] == list(range(400))


async def test_faults(tmp_path: Path) -> None:
    frames = [trade_frame(i) for i in range(1, 20_000)]
    async with playing(tmp_path, frames, TimelinePace(1, SystemClock())) as (server, url, rest):
        async with connect(f"{url}/stream?streams=btcusdt@trade", proxy=None, compression=None) as client:
            await client.recv()
            server.stall()
            server.inject(b"rubbish")
            while await client.recv() != "rubbish":
                pass
            server.cut()
            await asyncio.wait_for(client.wait_closed(), 10)
            assert client.close_code == 1006
        server.refuse(429, Retry_After="7")
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"{rest}/api/v3/ping")
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
            assert (await http.get(f"{rest}/api/v3/ping")).status_code == 200


async def test_a_taken_port() -> None:
    material = Generator(Generated(("BTC-USDT",), 1, START_NS // 10**9, 1))
    first = ExchangeServer(material, MaxPace(), SystemClock())
    url, _ = await first.start()
    try:
        with pytest.raises(UserError, match="cannot listen"):
            await ExchangeServer(material, MaxPace(), SystemClock(), port=int(url.rsplit(":", 1)[1])).start()
    finally:
        await first.stop()


def rest_of(tmp_path: Path) -> Rest:
    capture = capture_of(tmp_path / "c", [trade_frame(i, START_NS + i * 10_000_000_000, f"{100 + i}.00000000") for i in range(10)])
    capture.played(list(capture.frames()))
    return Rest(capture, lambda: 77)


def test_rest_answers(tmp_path: Path) -> None:
    rest = rest_of(tmp_path)

    def ask(path: str) -> Any:
        status, body = rest.answer(f"/api/v3/{path}")
        assert status == 200
        return json.loads(body)

    assert ask("ping") == {}
    assert ask("time") == {"serverTime": 77}
    assert ask("exchangeInfo")["symbols"][0] | {"filters": []} == {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "filters": [],
    }
    assert [row["id"] for row in ask("trades?symbol=BTCUSDT&limit=2")] == [8, 9]
    assert ask("aggTrades?symbol=BTCUSDT&fromId=3&limit=1")[0]["a"] == 3
    assert ask("historicalTrades?symbol=BTCUSDT&fromId=3&limit=1")[0]["quoteQty"] == "51.50000000"
    klines = ask("klines?symbol=BTCUSDT&interval=1m")
    assert [[*row[1:5], row[8]] for row in klines] == [
        ["100.00000000", "105.00000000", "100.00000000", "105.00000000", 6],
        ["106.00000000", "109.00000000", "106.00000000", "109.00000000", 4],
    ]


def test_rest_by_time(tmp_path: Path) -> None:
    rest = rest_of(tmp_path)

    def ask(path: str) -> Any:
        return json.loads(rest.answer(f"/api/v3/{path}")[1])

    times = {row["id"]: row["time"] for row in ask("historicalTrades?symbol=BTCUSDT&fromId=0")}
    assert ask(f"aggTrades?symbol=BTCUSDT&startTime={times[4]}&limit=1")[0]["f"] == 4
    assert ask(f"aggTrades?symbol=BTCUSDT&startTime={times[3] + 1}&limit=1")[0]["f"] == 4
    assert ask(f"aggTrades?symbol=BTCUSDT&startTime={times[9] + 1}") == []
    first, second = ask("klines?symbol=BTCUSDT&interval=1m")
    assert ask(f"klines?symbol=BTCUSDT&interval=1m&startTime={first[0]}") == [first, second]
    assert ask(f"klines?symbol=BTCUSDT&interval=1m&startTime={first[0] + 1}") == [second]
    assert ask(f"klines?symbol=BTCUSDT&interval=1m&startTime={first[0]}&endTime={second[0] - 1}") == [first]
    [hour] = ask("klines?symbol=BTCUSDT&interval=1h")
    assert (hour[6] - hour[0] + 1, hour[8]) == (3_600_000, first[8] + second[8])


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("trades?symbol=NOPE", 400, -1121),
        ("trades", 400, -1102),
        ("trades?symbol=BTCUSDT&limit=1001", 400, -1130),
        ("trades?symbol=BTCUSDT&fromId=x", 400, -1100),
        ("klines?symbol=BTCUSDT&interval=7m", 400, -1120),
        ("nothing", 404, -1000),
    ],
)
def test_rest_refusals(tmp_path: Path, path: str, status: int, code: int) -> None:
    answered, body = rest_of(tmp_path).answer(f"/api/v3/{path}")
    assert (answered, json.loads(body)["code"]) == (status, code)


def test_paces() -> None:
    clock = ManualClock(1_000 * 10**9)
    timeline = TimelinePace(10, clock)
    timeline.start(0)
    assert timeline.wait_s(20 * 10**9) == pytest.approx(2)
    clock.advance_s(2)
    assert timeline.wait_s(20 * 10**9) == pytest.approx(0)
    assert not timeline.waits_for_readers()
    live = CatchUpPace(clock)
    assert live.wait_s(900 * 10**9) < 0
    assert live.waits_for_readers()
    assert live.wait_s(1_003 * 10**9) == pytest.approx(1)
    assert not live.waits_for_readers()
    assert MaxPace().wait_s(10**18) == 0
