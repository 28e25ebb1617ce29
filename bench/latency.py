"""From receipt of a frame to a WebSocket client and to a plain Kafka consumer (one hop, two hops), with and without sinks on the same cores.

The client first, alone; then the consumers: each reader takes time of the cores and of the broker from what it measures. Every tick that the ingestor receives carries the machine's own clock at receipt; readers here run on the same machine and subtract it.
"""

import asyncio
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any, Self

import websockets
from confluent_kafka import OFFSET_END, TopicPartition

from bench.captures import LIVE, TRADES_PER_S
from bench.figures import Spread, spread
from bench.local_stack import LocalStack
from gateway.urls import SOCKET_PATH
from runtime.kafka import consumer
from schemas.codec import decode_ticks
from schemas.ticks import TickEnvelope
from schemas.topics import Topic

SINKS = ("sink-timescale", "sink-redis", "process-bars", "process-indicators", "process-signals")
_SWITCH_S = 0.0002  # the readers are threads: at Python's 5 ms one would measure how long it waited for another
_SETTLE_S = 2.0  # groups, connections and caches settle; the samples of that time are left out


@dataclass(frozen=True, slots=True)
class Latency:
    """ticks_per_s: what the feed offered. one_hop: market.ticks.raw; two_hops: market.ticks, validated; client: a WebSocket client's socket."""

    ticks_per_s: float
    seconds: float
    one_hop: Spread
    two_hops: Spread
    client: Spread

    def rows(self) -> list[tuple[str, Spread]]:
        return [
            ("receipt to market.ticks.raw", self.one_hop),
            ("receipt to market.ticks", self.two_hops),
            ("receipt to client", self.client),
        ]


class Reader(threading.Thread):
    """Collects latencies in nanoseconds until stopped; `start` returns at once, `samples` is read after `stop`."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.samples: list[tuple[int, int]] = []
        self.stop_asked = threading.Event()
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_asked.set()
        self.join(timeout=10)
        if self._failure:
            raise RuntimeError(f"{self.name} failed: {self._failure}") from self._failure

    def run(self) -> None:
        try:
            self.read()
        except Exception as failure:
            self._failure = failure

    def read(self) -> None:
        raise NotImplementedError

    def took(self, sent_ns: int, ticks: int = 1) -> None:
        now_ns = time.time_ns()
        self.samples += [(now_ns, now_ns - sent_ns)] * ticks

    def after(self, start_ns: int) -> list[int]:
        return [latency for at_ns, latency in self.samples if at_ns >= start_ns]


class TopicReader(Reader):
    """Reads one tick topic from its end; a sample a tick, by the oldest receipt in its envelope."""

    def __init__(self, stack: LocalStack, topic: Topic) -> None:
        super().__init__(f"reader of {topic}")
        kafka = stack.settings.kafka
        self._consumer = consumer(kafka, stack.addresses.kafka, f"bench.{topic}", fetch_wait_max_ms=100)
        self._consumer.assign([TopicPartition(kafka.topic(topic), number, OFFSET_END) for number in range(kafka.partitions)])

    def read(self) -> None:
        while not self.stop_asked.is_set():
            message = self._consumer.poll(0.1)
            if message is None or message.error():
                continue
            event = decode_ticks(message.value())
            if isinstance(event, TickEnvelope):
                self.took(event.ts_receive_ns, len(event.ticks))
        self._consumer.close()


class ClientReader(Reader):
    """A WebSocket client of the gateway that takes the ticks of every symbol, or of those."""

    def __init__(self, url: str, symbols: str | list[str] = "*") -> None:
        super().__init__("websocket client")
        self._url = url
        self._subscribe = json.dumps({"action": "subscribe", "channel": "ticks", "symbol": symbols, "source": "*", "snapshot": 0})

    def read(self) -> None:
        asyncio.run(self._receive())

    async def _receive(self) -> None:
        async with websockets.connect(self._url, compression=None, max_queue=None) as connection:
            await connection.send(self._subscribe)
            while not self.stop_asked.is_set():
                try:
                    message: dict[str, Any] = json.loads(await asyncio.wait_for(connection.recv(), 0.2))
                except TimeoutError:
                    continue
                if message.get("channel") == "ticks" and "ts_receive_ns" in message:
                    self.took(int(message["ts_receive_ns"]))


def measure(stack: LocalStack, feed: tuple[str, ...], warm_up_s: float, seconds: float) -> Latency:
    """`feed`: a command of ours that plays in real time for at least warm_up_s and twice `seconds`. Blocks for so long."""
    sys.setswitchinterval(_SWITCH_S)
    client = ClientReader(gateway_url(stack))
    player = stack.start(*feed)
    try:
        with client:
            _wait_for(client, player)
            time.sleep(warm_up_s)
            at_client = client.after(_sleep(seconds))
        # Not before: an assigned consumer fetches all that comes, whether or not anybody polls it.
        with TopicReader(stack, Topic.TICKS_RAW) as raw, TopicReader(stack, Topic.TICKS) as validated:
            time.sleep(_SETTLE_S)
            start_ns = _sleep(seconds)
    finally:
        player.terminate()
        player.communicate(timeout=60)
    if not at_client:
        raise RuntimeError("the client received nothing")
    return Latency(len(at_client) / seconds, seconds, spread(raw.after(start_ns)), spread(validated.after(start_ns)), spread(at_client))


def _sleep(seconds: float) -> int:
    """Returns when it began, nanoseconds of the machine's clock."""
    start_ns = time.time_ns()
    time.sleep(seconds)
    return start_ns


def with_and_without_sinks(stack: LocalStack, warm_up_s: float, seconds: float) -> dict[str, Latency]:
    """Twice: all processes running, and only the way to the client (the others held still). warm_up_s: before the first, for a broker just started."""
    everything = measure(stack, live_feed(LIVE[0]), warm_up_s, seconds)
    with stack.paused(SINKS):
        return {"all processes": everything, "without sinks and bars": measure(stack, live_feed(LIVE[1]), _SETTLE_S, seconds)}


def live_feed(symbols: tuple[str, ...]) -> tuple[str, ...]:
    """1,000 ticks a second in real time, for longer than anybody listens."""
    words = ("simulate", "--seed", "11", "--length", "10m", "--speed", "1")
    return (*words, "--symbols", ",".join(symbols), "--trades-per-s", f"{TRADES_PER_S:g}")


def gateway_url(stack: LocalStack) -> str:
    """The WebSocket address, from the one that the gateway wrote."""
    address = str(stack.run_entry("gateway")["gateway"])
    return f"{address.replace('http', 'ws', 1)}{SOCKET_PATH}"


def _wait_for(reader: Reader, player: Any, timeout_s: float = 90) -> None:
    deadline = time.monotonic() + timeout_s
    while not reader.samples:
        if player.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"no tick came to the client: {player.communicate()[1][-2000:] if player.poll() is not None else 'timeout'}")
        time.sleep(0.05)


def as_json(latencies: dict[str, Latency]) -> dict[str, Any]:
    return {name: asdict(latency) for name, latency in latencies.items()}
