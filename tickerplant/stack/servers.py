"""The three servers of a local stack, except those that the settings have an address for; their ports, passwords and the file that tells them."""

import contextlib
import json
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from runtime.addresses import Addresses, stack_file
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings import Settings
from tickerplant.stack.child import Child, ChildSpec
from tickerplant.stack.jars import fetch
from tickerplant.stack.java import find_java
from tickerplant.stack.java_cache import flags
from tickerplant.stack.kafka import KafkaServer
from tickerplant.stack.ports import choose
from tickerplant.stack.postgres import PostgresServer
from tickerplant.stack.redis import RedisServer


class Server(Protocol):
    """One server. prepare: makes its data folder, blocks a second; missing: "" when it answers, blocks up to two seconds."""

    name: str

    @property
    def address(self) -> str: ...

    def prepare(self) -> ChildSpec: ...

    def missing(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Options:
    """What only tests change: servers that forget at a crash are faster."""

    postgres: dict[str, str] | None = None
    redis_databases: int = 16


def local_servers(settings: Settings, report: Callable[[str], None], options: Options | None = None) -> list[Server]:
    """The servers to start, with ports and passwords decided. Blocks while Kafka's jars are downloaded. Raises UserError as its parts do."""
    options = options or Options()
    data_dir, stack = settings.data_dir, settings.stack
    wanted = {"kafka": stack.kafka_port, "kafka_controller": 0} if settings.kafka.bootstrap_servers is None else {}
    wanted |= {"postgres": stack.postgres_port} if settings.postgres.url is None else {}
    wanted |= {"redis": stack.redis_port} if settings.redis.url is None else {}
    ports = choose(data_dir / "ports.json", wanted)
    password = _passwords(data_dir / "passwords.json")
    servers: list[Server] = []
    if "kafka" in ports:
        java, jars = find_java(stack.java), fetch(stack.maven_url, report)
        kafka_ports = (ports["kafka"], ports["kafka_controller"])
        server = KafkaServer(data_dir, kafka_ports, java, jars, stack.kafka_heap_mb, stack.kafka_quick_compiler, flags(java, jars))
        servers.append(server)
    if "postgres" in ports:
        servers.append(PostgresServer(data_dir, ports["postgres"], password["postgres"], stack.postgres_bin, options.postgres))
    if "redis" in ports:
        servers.append(RedisServer(data_dir, ports["redis"], password["redis"], stack.redis_server, options.redis_databases))
    return servers


def write_addresses(settings: Settings, servers: list[Server]) -> Addresses:
    """Tells all processes of this data folder where the parts are (readable by the owner only: passwords are inside)."""
    local = {server.name: server.address for server in servers}
    addresses = Addresses(
        kafka=settings.kafka.bootstrap_servers or local["kafka"],
        postgres=settings.postgres.url.get_secret_value() if settings.postgres.url else local["postgres"],
        redis=settings.redis.url.get_secret_value() if settings.redis.url else local["redis"],
    )
    path = stack_file(settings.data_dir)
    write_private(path, {"kafka": addresses.kafka, "postgres": addresses.postgres, "redis": addresses.redis})
    return addresses


def write_private(path: Path, entry: object) -> None:
    """JSON that only the owner may read, there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(entry))
    temporary.replace(path)


def _passwords(path: Path) -> dict[str, str]:
    """Made once for a data folder."""
    with contextlib.suppress(FileNotFoundError):
        return {str(name): str(value) for name, value in json.loads(path.read_text()).items()}
    made = {name: secrets.token_urlsafe(18) for name in ("postgres", "redis")}
    write_private(path, made)
    return made


class Running:
    """Servers started together and waited for, without a supervisor: for tests and tools."""

    def __init__(self, settings: Settings, servers: list[Server], clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._pids = settings.data_dir / "run" / "pids"
        self.servers = {server.name: server for server in servers}
        self.children: dict[str, Child] = {}

    def start(self) -> Addresses:
        """Starts all and waits until they answer. Raises UserError with the log's last line if one does not."""
        specs = [server.prepare() for server in self.servers.values()]
        for spec in specs:
            self.children[spec.name] = Child(spec, self._pids)
        for name in self.servers:
            self.wait(name)
        return write_addresses(self._settings, list(self.servers.values()))

    def wait(self, name: str) -> None:
        """Until the server answers. Raises UserError if it ends or takes longer than stack.start_timeout_s."""
        child, missing = self.children[name], "nothing asked yet"
        deadline_s = self._clock.monotonic_s() + self._settings.stack.start_timeout_s
        while missing := self.servers[name].missing():
            if child.exit_code() is not None or self._clock.monotonic_s() > deadline_s:
                raise UserError(f"{name} did not start ({missing}): {child.log_tail()}; see {child.spec.log}")
            threading.Event().wait(0.05)

    def restart(self, name: str) -> None:
        """Starts a stopped server again, on the same port with the same data."""
        self.children[name] = Child(self.servers[name].prepare(), self._pids)
        self.wait(name)

    def stop(self) -> None:
        """Asks all to end, then waits for each."""
        for child in self.children.values():
            child.signal_stop()
        for child in self.children.values():
            child.stop(self._settings.stack.stop_timeout_s)
