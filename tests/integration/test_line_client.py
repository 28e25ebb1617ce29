"""A client on the gateway during a replay at the recorded speed: every tick, in order; the latency from receipt to client is printed."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
import websockets

from tests.pipeline import CAPTURES, Pipeline, needs_recordings, running, slice_of

pytestmark = [pytest.mark.stack, needs_recordings, pytest.mark.usefixtures("untraced_children")]

LINES = 3_000  # about 20 s at the recorded speed


@pytest.mark.timeout(240)
def test_every_tick_in_order(line: Any, tmp_path: Path) -> None:
    capture = slice_of(CAPTURES[0], tmp_path / "capture.txt", LINES)
    sent = [one for one in capture.read_text().splitlines() if "@trade" in one or "@bookTicker" in one]
    with running(line) as pipeline:
        messages, latencies_ms = asyncio.run(_follow(pipeline, capture, len(sent)))
    assert [message["source_seq"] for message in messages] == list(range(1, len(sent) + 1))
    assert [_id(message) for message in messages] == [_id_of_frame(json.loads(one.split(" ", 1)[1])) for one in sent]
    assert all(message["trace"] for message in messages)
    ordered = sorted(latencies_ms)
    print(f"\nreceipt to client: p50 {ordered[len(ordered) // 2]:.1f} ms, p99 {ordered[int(len(ordered) * 0.99)]:.1f} ms, with sinks")


async def _follow(pipeline: Pipeline, capture: Path, expected: int) -> tuple[list[dict[str, Any]], list[float]]:
    messages: list[dict[str, Any]] = []
    latencies_ms: list[float] = []
    address = json.loads((pipeline.data_dir / "run" / "gateway.json").read_text())["gateway"].replace("http", "ws", 1)
    async with websockets.connect(f"{address}/ws", max_size=None) as socket:
        await socket.send(json.dumps({"action": "subscribe", "channel": "ticks", "symbol": "BTC-USDT"}))
        replay = asyncio.create_task(asyncio.to_thread(pipeline.replay, capture, speed="1"))
        async with asyncio.timeout(150):
            while len(messages) < expected:
                message = json.loads(await socket.recv())
                if message.get("channel") == "ticks" and "source_seq" in message:
                    messages.append(message)
                    latencies_ms.append((time.time_ns() - message["ts_receive_ns"]) / 1e6)
            await replay
    return messages, latencies_ms


def _id(message: dict[str, Any]) -> tuple[str, int]:
    return message["kind"], int(message["trade_id"] if message["kind"] == "trade" else message["update_id"])


def _id_of_frame(frame: dict[str, Any]) -> tuple[str, int]:
    is_trade = frame["stream"].endswith("@trade")
    return ("trade", frame["data"]["t"]) if is_trade else ("quote", frame["data"]["u"])
