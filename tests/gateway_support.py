"""For tests of the gateway: a producer of events, a gateway process, a client that checks every chain."""

import json
import subprocess
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from runtime.kafka import Publisher
from schemas import headers
from schemas.alerts import Alert
from schemas.bars import Bar
from schemas.books import Book
from schemas.codec import encode
from schemas.gaps import Gap
from schemas.identity import Identity
from schemas.indicators import IndicatorRecord
from schemas.partitioner import partition_of
from schemas.quality import QualityRecord
from schemas.signals import Signal
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.topics import Topic
from tests.gateway_events import SOURCE
from tests.support import eventually, start_tickerplant

_TOPICS: dict[type, Topic] = {
    Bar: Topic.BARS,
    Book: Topic.BOOKS,
    IndicatorRecord: Topic.INDICATORS,
    Signal: Topic.SIGNALS,
    Alert: Topic.ALERTS,
    QualityRecord: Topic.QUALITY,
    Gap: Topic.GAPS,
}


class Feeder:
    """Writes events as the stages do: to the symbol's partition, with their headers."""

    def __init__(self, line: Any) -> None:
        self._publisher = Publisher(line.settings.kafka, line.addresses.kafka)
        self._partitions = line.settings.kafka.partitions
        self._inputs: dict[tuple[Topic, int], int] = defaultdict(int)

    def ticks(self, *ticks: Trade | Quote, source: str = SOURCE, identity: Identity | None = None) -> None:
        """One envelope; all ticks must be of one partition."""
        symbols = sorted({tick.symbol for tick in ticks})
        envelope = TickEnvelope(source, time.time_ns(), list(ticks), True)
        more = {headers.TYPE: b"ticks", headers.SYMBOLS: ",".join(symbols).encode()}
        self._send(Topic.TICKS, symbols[0], encode(envelope), more, identity)

    def event(self, event: Any, identity: Identity | None = None) -> None:
        topic = Topic.BARS_FORMING if isinstance(event, Bar) and event.kind == "forming" else _TOPICS[type(event)]
        self._send(topic, event.symbol, encode(event), {headers.TYPE: type(event).__name__.lower().encode()}, identity)

    def raw(self, topic: Topic, symbol: str, value: bytes) -> None:
        self._send(topic, symbol, value, {headers.SYMBOLS: symbol.encode()}, None)

    def flush(self) -> None:
        self._publisher.flush()

    def _send(self, topic: Topic, symbol: str, value: bytes, more: Mapping[str, bytes], identity: Identity | None) -> None:
        partition = partition_of(symbol, self._partitions)
        self._inputs[topic, partition] += 1
        identity = identity or Identity("test", topic.value, partition, self._inputs[topic, partition], 0)
        self._publisher.send(
            topic, partition, value, symbol.encode(), {headers.IDENTITY: identity.encode(), headers.TRACE: b"trace-1", **more}
        )


class Gateway:
    """A running `tickerplant gateway`."""

    def __init__(self, process: "subprocess.Popen[bytes]", entry: dict[str, Any], log: Path) -> None:
        self.process = process
        self.url: str = entry["gateway"]
        self.health: str = entry["health"]
        self.socket = self.url.replace("http://", "ws://") + "/ws"
        self.log = log

    def ready(self) -> tuple[bool, dict[str, Any]]:
        answer = httpx.get(f"{self.health}/ready", timeout=5)
        return answer.status_code == 200, answer.json()["checks"]

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name that carry these labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        lines = httpx.get(f"{self.health}/metrics", timeout=5).text.splitlines()
        found = [text for text in lines if text.split("{")[0].split(" ")[0] == name and all(each in text for each in wanted)]
        return sum(float(text.rsplit(" ", 1)[1]) for text in found)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


def start_gateway(line: Any, *, is_ready: bool = True, instance: int = 0, **env: str) -> Gateway:
    """Waits until it says where it listens, and by default until it is ready."""
    name = f"gateway-{instance}" if instance else "gateway"
    log = line.settings.data_dir / f"{name}.log"
    run_file = line.settings.data_dir / "run" / f"{name}.json"
    process = start_tickerplant("gateway", "--instance", str(instance), env=line.env(**env), log=log)

    def entry() -> dict[str, Any]:
        assert process.poll() is None, log.read_text()[-3000:]
        found = json.loads(run_file.read_text()) if run_file.exists() else {}
        return found if found.get("pid") == process.pid else {}

    try:
        gateway = Gateway(process, eventually(entry, 60), log)
        if is_ready:
            eventually(lambda: gateway.ready()[0], 60)
    except BaseException:
        process.kill()
        process.wait(20)
        raise
    return gateway


@contextmanager
def running_gateway(line: Any, *, instance: int = 0, **env: str) -> Iterator[Gateway]:
    gateway = start_gateway(line, instance=instance, **env)
    try:
        yield gateway
    finally:
        if gateway.process.poll() is None:
            gateway.stop()


class Client:
    """A client of the gateway. Updates are checked against their chain as they come."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.newest: dict[tuple[Any, ...], str | None] = {}

    async def send(self, **action: Any) -> None:
        await self.connection.send(json.dumps(action))

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.connection.recv())
        series = tuple(message.get(name) for name in ("channel", "symbol", "timeframe"))
        if message.get("type") in ("snapshot", "resumed"):
            self.newest[series] = message["seq"]
        elif "seq" in message:
            assert message["prev"] == self.newest.get(series), f"a hole before {message}"
            self.newest[series] = message["seq"]
        return message

    async def until(self, kind: str) -> dict[str, Any]:
        """The next message of this type; `update` for a channel's own."""
        while True:
            message = await self.receive()
            if message.get("type", "update") == kind:
                return message

    async def subscribe(self, channel: str, symbol: Any = "BTC-USDT", **more: Any) -> dict[str, Any]:
        """Returns the snapshot (of the first series)."""
        await self.send(action="subscribe", channel=channel, symbol=symbol, **more)
        await self.until("subscribed")
        return await self.receive()

    async def updates(self, count: int) -> list[dict[str, Any]]:
        return [await self.until("update") for _ in range(count)]


@asynccontextmanager
async def client_of(gateway: Gateway, **options: Any) -> AsyncIterator[Client]:
    async with connect(gateway.socket, max_size=None, proxy=None, **options) as connection:
        client = Client(connection)
        assert (await client.receive())["type"] == "status"
        yield client
