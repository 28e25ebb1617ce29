"""The JavaScript client in Node against a real gateway: killed under it, with less than was missed, with tokens that end. In a browser the live page's tests show it."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.access_support import SECRET, token
from tests.gateway_events import bar, quote, trade
from tests.gateway_support import Feeder, running_gateway, start_gateway
from tickerplant.stack.ports import free_port

NODE = shutil.which("node")
CLIENT = Path(__file__).parents[2] / "gateway" / "page" / "tickerplant.js"
COLLECT = Path(__file__).parents[1] / "js" / "collect.mjs"
FLAGS = ("--experimental-websocket", "--no-warnings")
WAIT_S = 60
pytestmark = [
    pytest.mark.stack,
    pytest.mark.skipif(NODE is None, reason="no node on PATH; the live page's tests run the same client in Chromium"),
]


class Heard:
    """What a Node process has printed."""

    def __init__(self) -> None:
        self.every: list[dict[str, Any]] = []

    def of(self, kind: str, channel: str = "ticks") -> list[dict[str, Any]]:
        """By type; `update` for a channel's own."""
        own = [one for one in self.every if "told" not in one and one.get("channel") == channel]
        return [one for one in own if one.get("type", "update") == kind]

    def told(self, what: str) -> list[dict[str, Any]]:
        return [one for one in self.every if one.get("told") == what]

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not is_so():
                await asyncio.sleep(0.02)


@asynccontextmanager
async def node(folder: Path, url: str, *selections: dict[str, Any], tokens: list[str] | None = None) -> AsyncIterator[Heard]:
    shutil.copyfile(CLIENT, folder / "tickerplant.mjs")  # .mjs: a module wherever it stands
    shutil.copyfile(COLLECT, folder / "collect.mjs")
    options = json.dumps({"url": url, "selections": selections, "tokens": tokens})
    process = await asyncio.create_subprocess_exec(
        str(NODE), *FLAGS, str(folder / "collect.mjs"), options, stdout=asyncio.subprocess.PIPE, limit=2**24
    )
    heard = Heard()

    async def listen() -> None:
        assert process.stdout is not None
        async for text in process.stdout:
            heard.every.append(json.loads(text))

    listening = asyncio.create_task(listen())
    try:
        yield heard
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


def feed(feeder: Feeder, first: int, last: int) -> None:
    for number in range(first, last):
        feeder.ticks(trade(number), quote(number))
    feeder.event(bar(last))
    feeder.flush()


async def test_gateway_killed_under_the_client_costs_nothing(line: Any, tmp_path: Path) -> None:
    feeder, port = Feeder(line), str(free_port(set()))
    gateway = start_gateway(line, TICKERPLANT_GATEWAY__PORT=port)
    ticks = {"channel": "ticks", "symbol": ["BTC-USDT", "ETH-USDT"], "filters": {"kind": "trade"}}
    async with node(tmp_path, gateway.socket, ticks, {"channel": "ohlcv", "symbol": "BTC-USDT", "timeframe": "1m"}) as heard:
        await heard.until(lambda: len(heard.of("snapshot")) == 2 and len(heard.of("snapshot", "ohlcv")) == 1)
        feed(feeder, 0, 100)
        await heard.until(lambda: len(heard.of("update", "ohlcv")) == 1)
        gateway.kill()
        feed(feeder, 100, 300)
        with running_gateway(line, TICKERPLANT_GATEWAY__PORT=port):
            feed(feeder, 300, 400)
            await heard.until(lambda: len(heard.of("update", "ohlcv")) == 3 and len(heard.of("update")) == 400)
    assert [each["source_seq"] for each in heard.of("update")] == list(range(400))
    assert {each["price"] for each in heard.of("update")} == {"61652.00"}
    assert [each["missed"] for each in heard.of("resumed")] != []
    states = [each["state"] for each in heard.told("state")]
    assert states[:3] == ["connecting", "open", "reconnecting"]
    assert states.count("open") == 2


async def test_client_is_told_what_cannot_be_had(line: Any, tmp_path: Path) -> None:
    feeder, port = Feeder(line), str(free_port(set()))
    gateway = start_gateway(line, TICKERPLANT_GATEWAY__PORT=port)
    async with node(tmp_path, gateway.socket, {"channel": "ticks", "symbol": "BTC-USDT"}) as heard:
        await heard.until(lambda: len(heard.of("snapshot")) == 1)
        feed(feeder, 0, 1)
        await heard.until(lambda: len(heard.of("update")) == 2)
        gateway.kill()
        feed(feeder, 1, 400)
        few = {"RESUME_RECORDS": "10", "READ_BACK_RECORDS": "5"}
        with running_gateway(
            line, TICKERPLANT_GATEWAY__PORT=port, **{f"TICKERPLANT_GATEWAY__{name}": value for name, value in few.items()}
        ):
            await heard.until(lambda: len(heard.of("snapshot")) == 2)
    lost = heard.of("snapshot")[1]
    assert (lost["recovered"], lost["reason"]) == (False, "too_far")


async def test_next_token_keeps_the_connection(line: Any, tmp_path: Path) -> None:
    access = {"HS256_SECRET": SECRET, "LEEWAY_S": "30"}
    tokens = [token(expires_in_s=4), token(expires_in_s=600)]
    with running_gateway(line, **{f"TICKERPLANT_GATEWAY__ACCESS__{name}": value for name, value in access.items()}) as gateway:
        async with node(tmp_path, gateway.socket, {"channel": "gaps", "symbol": "BTC-USDT"}, tokens=tokens) as heard:
            await heard.until(lambda: len(heard.told("token")) == 2 and len(heard.told("state")) >= 2)
        assert [each["state"] for each in heard.told("state")] == ["connecting", "open"]
        async with node(tmp_path, gateway.socket, {"channel": "gaps", "symbol": "BTC-USDT"}, tokens=[token(key="x" * 32)]) as heard:
            await heard.until(lambda: bool(heard.told("state")) and heard.told("state")[-1]["state"] == "locked")


async def test_documented_example_prints_bars(line: Any, tmp_path: Path) -> None:
    feeder = Feeder(line)
    feed(feeder, 0, 1)
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "clients.md").read_text()
    [example] = re.findall(r"^```js\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)
    shutil.copyfile(CLIENT, tmp_path / "tickerplant.mjs")
    with running_gateway(line) as gateway:
        script = tmp_path / "example.mjs"
        script.write_text(f"const url = {gateway.socket!r};\n{example.replace('tickerplant.js', 'tickerplant.mjs')}")
        process = await asyncio.create_subprocess_exec(str(NODE), *FLAGS, str(script), stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        printed = b""
        async with asyncio.timeout(WAIT_S):
            while b"1 bars to begin with" not in printed:
                printed += await process.stdout.readline()
            feed(feeder, 1, 2)
            while b"61717.63 1 final" not in printed:
                printed += await process.stdout.readline()
        process.kill()
        await process.wait()
    assert b"kafka up" in printed
