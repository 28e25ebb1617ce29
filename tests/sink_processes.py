"""Sinks as processes on a line, and what the stages would write to its topics."""

import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from runtime.health import run_file
from runtime.kafka import Publisher
from schemas.codec import encode
from schemas.headers import IDENTITY, TRACE
from schemas.identity import Identity
from schemas.partitioner import partition_of
from schemas.topics import Topic
from tests.sink_events import SYMBOL, bar, envelope, indicators, signal, ticks
from tests.support import eventually, start_tickerplant


class Feed:
    """Writes to a line's topics what the stages would."""

    def __init__(self, line: Any) -> None:
        self._kafka = line.settings.kafka
        self._publisher = Publisher(self._kafka, line.addresses.kafka)
        self._made = 0
        self.partition = partition_of(SYMBOL, self._kafka.partitions)

    def send(self, topic: Topic, *events: Any, headers: Mapping[str, bytes] | None = None) -> None:
        for event in events:
            self._made += 1
            value = event if isinstance(event, bytes) else encode(event)
            own = {IDENTITY: Identity("stage", "input", self.partition, self._made, 0).encode(), TRACE: b"trace-1"}
            self._publisher.send(topic, self.partition, value, headers=own if headers is None else headers)

    def send_ticks(self, first: int, last: int, size: int = 50) -> None:
        for start in range(first, last + 1, size):
            self.send(Topic.TICKS, envelope(ticks(start, min(last, start + size - 1))))

    def send_series(self, bars: int) -> None:
        """Bars with indicators and signals; every third bar is corrected."""
        for minute in range(bars):
            for revision in range(1 + (minute % 3 == 0)):
                self.send(Topic.BARS, bar(minute, revision))
                self.send(Topic.INDICATORS, indicators(minute, revision, rsi=50.1 + minute))
                self.send(Topic.SIGNALS, signal(minute, revision))

    def flush(self) -> None:
        self._publisher.flush()


@contextmanager
def sink_process(line: Any, name: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """`tickerplant sink NAME` on the line; SIGTERM at the end, and it must leave with 0 if it still runs."""
    process = start_sink(line, name, **environment)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            code = process.wait(30)
            assert code == 0, log_of(line, name)


def start_sink(line: Any, name: str, **environment: str) -> subprocess.Popen[bytes]:
    log = line.settings.data_dir / f"sink-{name}.log"
    return start_tickerplant("sink", name, env=line.env(**environment), log=log)


def log_of(line: Any, name: str) -> str:
    return (line.settings.data_dir / f"sink-{name}.log").read_text()


def metrics_of(line: Any, process: str) -> str:
    """The text of /metrics."""
    with urllib.request.urlopen(f"{_health_url(line, process)}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def _health_url(line: Any, process: str) -> str:
    return str(json.loads(run_file(line.settings.data_dir, process).read_text())["health"])


def ready(line: Any, process: str) -> dict[str, Any]:
    """The body of /ready; {} while nothing listens."""
    try:
        with urllib.request.urlopen(f"{_health_url(line, process)}/ready", timeout=5) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as error:
        return dict(json.load(error))
    except (OSError, ValueError):
        return {}


def wait_ready(line: Any, process: str) -> None:
    eventually(lambda: ready(line, process).get("status") == "ok", 60)


def failing(line: Any, process: str) -> list[str]:
    """The checks of /ready that are not ok."""
    return [name for name, answer in ready(line, process).get("checks", {}).items() if answer != "ok"]
