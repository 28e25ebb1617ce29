"""The session's servers as Docker containers (STACK=containers): the images that docker-compose.yml pins, on free ports of the loopback address."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
import redis
import yaml
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from runtime.addresses import Addresses
from tests.support import ROOT, eventually
from tickerplant.stack.ports import LOOPBACK, free_port

_PASSWORD = "only-for-tests"
_START_TIMEOUT_S = 180.0  # images are pulled before; this is the servers' own start


@contextmanager
def container_addresses() -> Iterator[Addresses]:
    """Starts Kafka, TimescaleDB and Redis, and gives their addresses. Ends the session, and does not skip, where no Docker engine answers."""
    require_docker()
    with ExitStack() as started:
        addresses = Addresses(_kafka(started), _postgres(started), _redis(started))
        eventually(lambda: _answer(addresses), _START_TIMEOUT_S, interval_s=0.5)
        yield addresses


def require_docker() -> None:
    """Ends the session with the engine's own words if there is none."""
    reason = "there is no command docker"
    if shutil.which("docker"):
        answer = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return
        reason = (answer.stderr.strip().splitlines() or [f"exit {answer.returncode}"])[-1]
    pytest.exit(f"STACK=containers needs a Docker engine: {reason}; start it, or run without STACK", returncode=2)


def _start(started: ExitStack, image: str, port: int, environment: dict[str, str], command: str | None = None) -> int:
    from testcontainers.core.container import DockerContainer

    host_port = free_port(set())
    container = DockerContainer(_pinned(image)).with_bind_ports(port, (LOOPBACK, host_port))
    for name, value in environment.items():
        container.with_env(name, value.replace("{port}", str(host_port)))
    if command:
        container.with_command(command)
    started.enter_context(container)
    return host_port


def _kafka(started: ExitStack) -> str:
    environment = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{LOOPBACK}:{{port}}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
    }
    return f"{LOOPBACK}:{_start(started, 'apache/kafka', 9092, environment)}"


def _postgres(started: ExitStack) -> str:
    environment = {"POSTGRES_USER": "tickerplant", "POSTGRES_DB": "tickerplant", "POSTGRES_PASSWORD": _PASSWORD}
    port = _start(started, "timescale/timescaledb", 5432, environment, "postgres -c max_connections=200")
    return f"postgresql://tickerplant:{_PASSWORD}@{LOOPBACK}:{port}/tickerplant"


def _redis(started: ExitStack) -> str:
    port = _start(started, "redis", 6379, {}, f"redis-server --requirepass {_PASSWORD} --databases 512")
    return f"redis://:{_PASSWORD}@{LOOPBACK}:{port}/0"


def _answer(addresses: Addresses) -> bool:
    try:
        brokers = AdminClient({"bootstrap.servers": addresses.kafka, "log_level": 2}).list_topics(timeout=5).brokers
        psycopg.connect(addresses.postgres, connect_timeout=5).close()
        with redis.Redis.from_url(addresses.redis) as client:
            return bool(brokers) and bool(client.ping())
    except (KafkaException, psycopg.Error, redis.RedisError):
        return False


def _pinned(name: str) -> str:
    """The image with its tag as docker-compose.yml has it: one place for versions."""
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return next(str(service["image"]) for service in services.values() if str(service.get("image", "")).startswith(f"{name}:"))
