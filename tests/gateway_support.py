"""For tests of the gateway: events of the real schemas, a producer of them, a gateway process, a client that checks every chain."""

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
from schemas.indicators import IndicatorRecord, IndicatorValue
from schemas.partitioner import partition_of
from schemas.quality import QualityRecord
from schemas.signals import Signal, SignalComponent
from schemas.ticks import Quote, TickEnvelope, Trade
from schemas.topics import Topic
from tests.support import eventually, start_tickerplant

MINUTE_NS = 60_000_000_000
START_NS = 1_723_161_480_000_000_000  # 2024-08-08 23:58:00 UTC
SOURCE = "binance"


def trade(number: int, symbol: str = "BTC-USDT", price: str = "61652.00", **more: Any) -> Trade:
    fields: dict[str, Any] = {"size": "0.10300", "side": "buy", "seq": number, "trade_id": 3_735_683_258 + number}
    times = {"ts_event_ns": START_NS + number * 1_000_000, "ts_ingest_ns": START_NS + number * 1_000_000 + 250}
    return Trade(symbol=symbol, price=price, **{**fields, **times, **more})


def quote(number: int, symbol: str = "BTC-USDT", bid: str = "61651.90", ask: str = "61652.00", **more: Any) -> Quote:
    fields: dict[str, Any] = {"bid_size": "1.5", "ask_size": "0.25", "update_id": 9000 + number, "seq": number}
    times = {"ts_event_ns": START_NS + number * 1_000_000, "ts_ingest_ns": START_NS + number * 1_000_000}
    return Quote(symbol=symbol, bid=bid, ask=ask, **{**fields, **times, **more})


def bar(minute: int, symbol: str = "BTC-USDT", **more: Any) -> Bar:
    prices = {"open": "61652.00", "high": "61745.27", "low": "61583.22", "close": "61717.63", "vwap": "61660.1234567891"}
    sizes = {"volume": "77.14202", "quote_volume": "4757000.5", "trade_count": 3216}
    kind: dict[str, Any] = {"kind": "final", "revision": 0, "quality": 1.0, "reasons": ()}
    fields: dict[str, Any] = {"symbol": symbol, "source": SOURCE, "timeframe": "1m", **_interval(minute), **prices, **sizes, **kind}
    return Bar(**{**fields, **more})


def _interval(minute: int) -> dict[str, int]:
    opened = START_NS + minute * MINUTE_NS
    return {"ts_open_ns": opened, "ts_close_ns": opened + MINUTE_NS, "known_at_ns": opened + MINUTE_NS + 1_000_000_000}


def indicators(minute: int, symbol: str = "BTC-USDT", rsi: float = 41.25, **more: Any) -> IndicatorRecord:
    values = {
        "rsi_14": IndicatorValue("rsi", {"period": 14}, {"value": rsi}, True, 28),
        "macd_12_26_9": IndicatorValue(
            "macd", {"fast": 12, "slow": 26, "signal": 9}, {"macd": -3.5, "signal": -2.25, "histogram": -1.25}, True, 45
        ),
        "momentum_10": IndicatorValue("momentum", {"period": 10}, {"value": -0.0125}, True, 15),
    }
    bar_facts = {"close": "61717.63", "bar_revision": 0, "bar_kind": "final", "bar_quality": 1.0}
    fields: dict[str, Any] = {"symbol": symbol, "source": SOURCE, "timeframe": "1m", "seed_bars": 60 + minute, "indicators": values}
    return IndicatorRecord(**{**fields, **_interval(minute), **bar_facts, "revision": 0, **more})


def signal(minute: int, symbol: str = "BTC-USDT", vote: int = -1, **more: Any) -> Signal:
    components = {
        "macd": SignalComponent(vote, 1 / 3, True),
        "rsi": SignalComponent(0, 1 / 3, True),
        "momentum": SignalComponent(0, 1 / 3, True),
    }
    decision: dict[str, Any] = {
        "signal": vote,
        "action": {-1: "sell", 0: "hold", 1: "buy"}[vote],
        "score": vote / 3,
        "confidence": 0.333333,
    }
    how: dict[str, Any] = {"decided_by": "macd" if vote else "score", "resolution": "hierarchy", "status": "ok", "components": components}
    bar_facts = {"close": "61717.63", "bar_revision": 0, "bar_kind": "final", "bar_quality": 1.0, "revision": 0}
    interval = _interval(minute)
    fields: dict[str, Any] = {"symbol": symbol, "source": SOURCE, "timeframe": "1m", "valid_until_ns": interval["ts_close_ns"] + MINUTE_NS}
    return Signal(**{**fields, **interval, **decision, **how, **bar_facts, **more})


def order_book(number: int, symbol: str = "BTC-USDT", **more: Any) -> Book:
    levels: dict[str, Any] = {"bids": [("61651.90", "1.5")], "asks": [("61652.00", "0.25"), ("61652.10", "3")], "depth": 2}
    times = {"ts_event_ns": START_NS + number, "ts_ingest_ns": START_NS + number, "update_id": number, "seq": number}
    return Book(**{"symbol": symbol, "source": SOURCE, "kind": "snapshot", **times, **levels, **more})


def alert(number: int, symbol: str = "BTC-USDT", **more: Any) -> Alert:
    rule: dict[str, Any] = {"rule_id": "high", "rule_version": "1", "kind": "price_level", "severity": "high", "state": "raised"}
    texts: dict[str, Any] = {"reason": "condition", "subject": "close", "measured": "61717.63", "threshold": "60000", "message": "above"}
    names = {"alert_id": f"a{number}", "episode_id": f"a{number}", "symbol": symbol, "source": SOURCE, "timeframe": "1m"}
    return Alert(**{**rule, **texts, **names, "ts_event_ns": START_NS + number, "known_at_ns": START_NS + number, **more})


def quality(number: int, symbol: str = "BTC-USDT", **more: Any) -> QualityRecord:
    counts = {"total": 10, "valid": 8, "invalid": 1, "duplicate": 1, "out_of_order": 0, "gaps": 0}
    rest: dict[str, Any] = {"latency_average_ns": 5, "latency_p99_ns": 9, "score": 0.875, "reasons": {"late": 1}}
    window = {"ts_from_ns": START_NS + number * 10**9, "ts_to_ns": START_NS + (number + 1) * 10**9}
    return QualityRecord(**{"symbol": symbol, "source": SOURCE, **window, **counts, **rest, **more})


def gap(number: int, symbol: str = "BTC-USDT", **more: Any) -> Gap:
    ids = {"from_id": number, "to_id": number + 5, "size": 4, "filled": 0}
    what: dict[str, Any] = {
        "gap_id": f"{SOURCE}:{symbol}:trade:{number}:{number + 5}",
        "channel": "trade",
        "cause": "sequence",
        "state": "open",
    }
    times = {"from_ns": START_NS, "to_ns": START_NS + 1, "known_at_ns": START_NS + 2}
    return Gap(**{"symbol": symbol, "source": SOURCE, **what, **ids, **times, **more})


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
