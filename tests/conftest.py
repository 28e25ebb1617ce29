"""Fixtures: `stack`, real Kafka, PostgreSQL and Redis, started once a session; `line`, a pipeline's own topics, database, Redis database and data folder on it.

STACK=containers takes the servers from Docker (testcontainers), STACK=DIR those of a running `tickerplant up --data-dir DIR`.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis
from confluent_kafka.admin import AdminClient
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from runtime.addresses import Addresses, resolve
from runtime.clock import SystemClock
from runtime.settings import Settings, load_settings
from tests.support import UNTRACED, clean_environment

for _name in [name for name in os.environ if name.startswith("TICKERPLANT_")]:
    del os.environ[_name]  # a developer's own settings must not decide what the tests say

# Properties are about values, not about how long a busy machine takes for them.
# In CI the same examples every time: a new one that fails is found at a desk, and stays as an @example.
hypothesis_settings.register_profile(
    "suite", deadline=None, derandomize=bool(os.environ.get("CI")), suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("suite")

LINE_PARTITIONS = 4


@dataclass
class Stack:
    """The session's servers. `running` is a tickerplant.stack.servers.Running with children to stop and restart, None where the servers are not ours."""

    addresses: Addresses
    running: Any = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _template: str | None = None

    def redis_url(self) -> str:
        """Another Redis database, empty."""
        base = self.addresses.redis.rsplit("/", 1)[0]
        with redis.Redis.from_url(f"{base}/0") as client:
            databases = int(client.config_get("databases")["databases"])
        url = f"{base}/{1 + next(self._numbers) % (databases - 1)}"
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    def create_database(self, name: str) -> str:
        """A fresh database with all migrations; returns its URL. Copied from a migrated template, unless TimescaleDB's workers sit in it."""
        base = self.addresses.postgres.split("?")[0].rsplit("/", 1)[0]
        with psycopg.connect(self.addresses.postgres, autocommit=True) as connection:
            timescale = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'timescaledb'").fetchone()
            if timescale:
                connection.execute(f'CREATE DATABASE "{name}"')
                _migrate(f"{base}/{name}")
                return f"{base}/{name}"
            if self._template is None:
                template = f"template_{uuid4().hex[:12]}"
                connection.execute(f'CREATE DATABASE "{template}"')
                _migrate(f"{base}/{template}")
                self._template = template
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        return f"{base}/{name}"

    def drop_database(self, name: str) -> None:
        with psycopg.connect(self.addresses.postgres, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass
class Line:
    """One pipeline's own world on the session's servers. Topics exist, migrations are applied."""

    name: str
    settings: Settings
    addresses: Addresses

    def env(self, **more: str) -> dict[str, str]:
        """A whole environment for `tickerplant ...` as a subprocess, with the same settings; `more` is added, as TICKERPLANT_FAULTS__KILL_AT=..."""
        kafka, postgres, redis_url = self.settings.kafka, self.settings.postgres.url, self.settings.redis.url
        assert postgres is not None
        assert redis_url is not None
        names = ",".join(f'"{topic.value}":"{physical}"' for topic, physical in kafka.topic_names.items())
        if "TICKERPLANT_FAULTS__KILL_AT" in more:
            more |= UNTRACED  # a killed process keeps nothing of what was traced
        return clean_environment(
            {
                "TICKERPLANT_DATA_DIR": str(self.settings.data_dir),
                "TICKERPLANT_KAFKA__BOOTSTRAP_SERVERS": self.addresses.kafka,
                "TICKERPLANT_KAFKA__PARTITIONS": str(kafka.partitions),
                "TICKERPLANT_KAFKA__TOPIC_NAMES": f"{{{names}}}",
                "TICKERPLANT_KAFKA__GROUP_PREFIX": kafka.group_prefix,
                "TICKERPLANT_POSTGRES__URL": postgres.get_secret_value(),
                "TICKERPLANT_REDIS__URL": redis_url.get_secret_value(),
                "TICKERPLANT_GATEWAY__PORT": "0",
                **more,
            }
        )


def _migrate(url: str) -> None:
    try:
        from sinks.timescale.migrations import apply_migrations
    except ImportError:
        return
    apply_migrations(url)


@pytest.fixture(scope="module")
def untraced_children() -> Iterator[None]:
    """Processes that a module starts are not traced for coverage, which makes them twice as slow; shorter tests run the same code traced."""
    traced = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("COVERAGE_PROCESS")}
    yield
    os.environ.update(traced)


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The servers, once a session. The suite does not start without them: a skip would look like a pass."""
    choice = os.environ.get("STACK", "")
    if choice == "containers":
        from tests.containers import container_addresses

        with container_addresses() as addresses:
            yield Stack(addresses)
    elif choice:
        yield Stack(resolve(load_settings(data_dir=Path(choice))))
    else:
        yield from _own_stack()


def _own_stack() -> Iterator[Stack]:
    from tickerplant.stack.servers import Options, Running, local_servers

    # Not under pytest's own folder: pytest makes that unreadable for the account that PostgreSQL runs as when we are root.
    data_dir = Path(tempfile.mkdtemp(prefix="tickerplant-stack-"))
    settings = load_settings(data_dir=data_dir, stack={"kafka_heap_mb": 384, "kafka_quick_compiler": True, "start_timeout_s": 180})
    options = Options(postgres={"fsync": "off", "full_page_writes": "off", "max_connections": "200"}, redis_databases=512)
    running = Running(settings, local_servers(settings, print, options), SystemClock())
    try:
        yield Stack(running.start(), running)
    finally:
        running.stop()
        shutil.rmtree(data_dir, ignore_errors=True)


def _lines(stack: Stack, folder: Path) -> Iterator[Callable[..., Line]]:
    lines: list[Line] = []

    def make(**sections: Any) -> Line:
        lines.append(_make_line(stack, folder / f"line{len(lines)}", sections))
        return lines[-1]

    yield make
    for line in lines:
        _remove(stack, line)


@pytest.fixture
def make_line(stack: Stack, tmp_path: Path) -> Iterator[Callable[..., Line]]:
    """A function that makes lines: make_line(kafka={"partitions": 1}, process={...}) with settings of your own."""
    yield from _lines(stack, tmp_path)


@pytest.fixture(scope="module")
def module_line(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """One line for all tests of a file, where filling it takes long."""
    for make in _lines(stack, tmp_path_factory.mktemp("module")):
        yield make()


@pytest.fixture
def line(make_line: Callable[..., Line]) -> Line:
    """A line with the default settings."""
    return make_line()


def _make_line(stack: Stack, data_dir: Path, sections: dict[str, Any]) -> Line:
    from runtime.topic_admin import apply
    from schemas.topics import Topic

    name = f"t{uuid4().hex[:10]}"
    data_dir.mkdir(parents=True)
    own = {
        "kafka": {
            "bootstrap_servers": stack.addresses.kafka,
            "partitions": LINE_PARTITIONS,
            "topic_names": {topic: f"{name}.{topic.value}" for topic in Topic},
            "group_prefix": name,
        },
        "postgres": {"url": stack.create_database(name)},
        "redis": {"url": stack.redis_url()},
        "gateway": {"port": 0},
    }
    merged = {key: {**own.get(key, {}), **sections.get(key, {})} for key in own.keys() | sections.keys()}
    settings = load_settings(data_dir=data_dir, **merged)
    apply(settings.kafka, stack.addresses.kafka)
    return Line(name, settings, resolve(settings))


def _remove(stack: Stack, line: Line) -> None:
    """Without it hundreds of topics would fill the broker's memory and file handles."""
    names = list(line.settings.kafka.topic_names.values())
    admin = AdminClient({"bootstrap.servers": stack.addresses.kafka})  # kept: its answers end with it
    for answer in admin.delete_topics(names, operation_timeout=10).values():
        answer.exception()
    stack.drop_database(line.name)
