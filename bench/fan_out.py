"""What a WebSocket message to one of many clients costs: our gateway, fed over Kafka, and beside it the websockets library's own broadcast()."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import psutil

from bench.figures import Spread, spread
from bench.local_stack import ROOT, LocalStack
from bench.socket_clients import masked
from runtime.kafka import Publisher
from runtime.settings import PREFIX
from schemas import headers
from schemas.codec import encode
from schemas.partitioner import partition_of
from schemas.ticks import TickEnvelope, Trade
from schemas.topics import Topic
from tickerplant.stack.ports import free_port

_SYMBOL = "FAN-USD"
_ACTION = json.dumps({"action": "subscribe", "channel": "ticks", "symbol": _SYMBOL, "snapshot": 0})
_PROCESS = "gateway-1"
_SETTLE_S = 2.0
_MOST_CLIENTS = "50000"
_DEAF_QUEUE = "50"
_SLOW_CLIENT_S = "5"  # its socket takes nothing for so long: within the time of a run


@dataclass(frozen=True, slots=True)
class FanOut:
    """per_s: messages a second to each client. core_us: of the server, a delivered message; client_core_us: of all clients, beside it on the machine.

    kib: resident memory a connection. evicted: clients closed because they did not read.
    """

    clients: int
    per_s: float
    delivered: int
    expected: int
    core_us: float
    client_core_us: float
    latency: Spread
    kib: float
    evicted: int


def measure(stack: LocalStack, seconds: float, loads: tuple[tuple[int, float], ...]) -> dict[str, FanOut]:
    """Blocks for some minutes. The caller holds our other processes still. loads: clients and messages a second to each."""
    found: dict[str, FanOut] = {}
    for clients, per_s in loads:
        found[f"websockets broadcast(), {clients:,} clients"] = _of_broadcast(clients, per_s, seconds)
        found[f"gateway, {clients:,} clients"] = _of_gateway(stack, clients, per_s, seconds)
    clients, per_s = loads[0]
    found[f"gateway, {clients:,} clients and one that does not read"] = _of_gateway(stack, clients, per_s, seconds, deaf=True)
    return found


def _of_broadcast(clients: int, per_s: float, seconds: float) -> FanOut:
    command = [sys.executable, "-m", "bench.peers.broadcast", str(per_s)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        try:
            return _run(psutil.Process(server.pid), address, "", clients, per_s, seconds)
        finally:
            server.kill()


def _of_gateway(stack: LocalStack, clients: int, per_s: float, seconds: float, *, deaf: bool = False) -> FanOut:
    with _gateway(stack) as (process, address, health), _fed(stack, per_s):
        closer = _deaf_client(address) if deaf else None
        try:
            found = _run(process, address, _ACTION, clients, per_s, seconds)
        finally:
            if closer is not None:
                closer.close()
        evicted = _metric(health, "tickerplant_evictions_total")
        return FanOut(**{**{name: getattr(found, name) for name in found.__slots__}, "evicted": evicted})


def _run(process: psutil.Process, address: str, action: str, clients: int, per_s: float, seconds: float) -> FanOut:
    before_bytes = process.memory_info().rss
    command = [sys.executable, "-m", "bench.socket_clients", address, str(clients), *([action] if action else [])]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as load:
        assert load.stdin is not None
        assert load.stdout is not None
        if load.stdout.readline().strip() != "ready":
            raise RuntimeError(f"the clients of {address} could not connect")
        time.sleep(_SETTLE_S)
        kib = (process.memory_info().rss - before_bytes) / clients / 1024
        core_s = -_core_s(process)
        _say(load.stdin)
        time.sleep(seconds)
        _say(load.stdin)
        core_s += _core_s(process)
        seen = json.loads(load.stdout.readline())
    messages = max(1, seen["messages"])
    costs = (core_s / messages * 1e6, seen["core_s"] / messages * 1e6)
    return FanOut(clients, per_s, seen["messages"], round(clients * per_s * seconds), *costs, spread(seen["latencies_ns"]), kib, 0)


def _say(stream: Any) -> None:
    stream.write("\n")
    stream.flush()


def _core_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@contextmanager
def _gateway(stack: LocalStack) -> Iterator[tuple[psutil.Process, str, str]]:
    """One of our own beside the stack's, which is held still: its process, its address, that of its metrics."""
    port = free_port(set())
    more = {
        "PROCESSES": "2",
        "PORT": str(port),
        "MAX_CONNECTIONS": _MOST_CLIENTS,
        "QUEUE_MESSAGES": _DEAF_QUEUE,
        "SLOW_CLIENT_S": _SLOW_CLIENT_S,
    }
    more["ACCESS__CONNECTIONS_PER_ADDRESS"] = _MOST_CLIENTS
    environment = stack.environment | {f"{PREFIX}GATEWAY__{name}": value for name, value in more.items()}
    command = [sys.executable, "-m", "tickerplant", "gateway", "--instance", "1", "--data-dir", str(stack.data_dir)]
    with (stack.data_dir / "fan_out.log").open("ab") as log, subprocess.Popen(command, env=environment, cwd=ROOT, stderr=log) as process:
        try:
            health = _ready(stack, process.pid)
            yield psutil.Process(process.pid), f"127.0.0.1:{port}", health
        finally:
            process.terminate()
            process.wait(30)


def _ready(stack: LocalStack, pid: int) -> str:
    """The address of its health server, once it is ready."""
    deadline_s = time.monotonic() + 60
    while time.monotonic() < deadline_s:
        try:
            entry = stack.run_entry(_PROCESS)
            if entry["pid"] == pid and httpx.get(f"{entry['health']}/ready").status_code == 200:
                return str(entry["health"])
        except (OSError, httpx.HTTPError, json.JSONDecodeError):
            pass  # not yet
        time.sleep(0.1)
    raise RuntimeError("the gateway did not get ready")


def _metric(health: str, name: str) -> int:
    lines = httpx.get(f"{health}/metrics").text.splitlines()
    return round(sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name)))


@contextmanager
def _fed(stack: LocalStack, per_s: float) -> Iterator[None]:
    """Trades of one symbol, one a record, to the topic that the gateway reads."""
    stop = threading.Event()
    thread = threading.Thread(target=_feed, args=(stack, per_s, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def _feed(stack: LocalStack, per_s: float, stop: threading.Event) -> None:
    publisher = Publisher(stack.settings.kafka, stack.addresses.kafka)
    partition = partition_of(_SYMBOL, stack.settings.kafka.partitions)
    more = {headers.TYPE: b"ticks", headers.SYMBOLS: _SYMBOL.encode(), headers.TRACE: b"5f0c8e1a2b3c4d5e"}
    started_s, sent = time.monotonic(), 0
    while not stop.wait(max(0.0, started_s + sent / per_s - time.monotonic())):
        sent += 1
        now_ns = time.time_ns()
        trade = Trade(_SYMBOL, "61652.00", "0.10300", now_ns, now_ns, sent, "buy", seq=sent)
        publisher.send(Topic.TICKS, partition, encode(TickEnvelope("bench", now_ns, [trade])), _SYMBOL.encode(), more)
        publisher.poll()
    publisher.flush()


def _deaf_client(address: str) -> Any:
    """Subscribes over a small buffer and never reads again."""
    import socket

    host, port = address.split(":")
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect((host, int(port)))
    head = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    deaf.sendall(f"{head}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
    deaf.recv(200)
    deaf.sendall(masked(_ACTION.encode()))
    return deaf
