"""Ten thousand attempts to connect to a gateway with room for two hundred: each is answered or refused as documented, and who is inside notices nothing."""

import asyncio
import itertools
import os
from collections import Counter

import pytest

from live import Snapshot, Trade, subscribe
from tests.gateway_events import trade
from tests.gateway_support import Feeder, running_gateway

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(590)]
ATTEMPTS = int(os.environ.get("GATEWAY_ATTEMPTS", "1000"))
ROOM = 200
AT_ONCE = 100
HEAD = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"


class Flood:
    """Connects again and again; what was let in stays."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.rpartition("//")[2].partition(":")
        self._port = int(port)
        self._left = iter(range(ATTEMPTS))
        self._inside: list[asyncio.StreamWriter] = []
        self.answers: Counter[str] = Counter()

    async def run(self) -> None:
        await asyncio.gather(*(self._attempt_all() for _ in range(AT_ONCE)))

    async def _attempt_all(self) -> None:
        for _ in self._left:
            reader, writer = await asyncio.open_connection(self._host, self._port)
            writer.write(HEAD.encode())
            try:
                answer = (await reader.readline()).decode()
            except ConnectionError:
                answer = "reset"
            status = answer.split(" ")[1] if " " in answer else answer or "closed"
            self.answers[status] += 1
            if status == "101":
                self._inside.append(writer)
            else:
                writer.close()

    def leave(self) -> None:
        for writer in self._inside:
            writer.close()


async def test_attempts_beyond_the_room_are_refused_and_nobody_else_notices(line: object) -> None:
    feeder, seen = Feeder(line), list[int]()
    with running_gateway(line, TICKERPLANT_GATEWAY__MAX_CONNECTIONS=str(ROOM)) as gateway:
        ready = asyncio.Event()

        async def follow() -> None:
            async for message in subscribe(gateway.socket, channel="ticks", symbol="BTC-USDT"):
                if isinstance(message, Snapshot):
                    assert message.recovered is None
                    ready.set()
                elif isinstance(message, Trade):
                    seen.append(message.source_seq)

        following = asyncio.create_task(follow())
        await asyncio.wait_for(ready.wait(), 60)
        flood = Flood(gateway.url)
        flooding = asyncio.create_task(flood.run())
        for sent in itertools.count(1):
            feeder.ticks(trade(sent))
            await asyncio.to_thread(feeder.flush)
            await asyncio.sleep(0.02)
            if flooding.done():
                break
        await flooding
        async with asyncio.timeout(60):
            while len(seen) < sent:
                await asyncio.sleep(0.02)
        assert seen == list(range(1, sent + 1))
        assert flood.answers == {"101": ROOM - 1, "503": ATTEMPTS - ROOM + 1}
        assert gateway.metric("tickerplant_clients") == ROOM
        flood.leave()
        async with asyncio.timeout(60):
            while gateway.metric("tickerplant_clients") > 1:
                await asyncio.sleep(0.05)
        assert not following.done()
        following.cancel()
