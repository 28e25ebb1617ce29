"""Where Kafka, PostgreSQL and Redis are: the settings' addresses, else those that a local stack wrote to <data dir>/run/stack.json."""

import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from runtime.errors import UserError
from runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Addresses:
    """kafka: host:port list; postgres and redis: URLs, passwords inside (never log them)."""

    kafka: str
    postgres: str
    redis: str


def stack_file(data_dir: Path) -> Path:
    """Written by `tickerplant up`: {"kafka": ..., "postgres": ..., "redis": ...}."""
    return data_dir / "run" / "stack.json"


def resolve(settings: Settings) -> Addresses:
    """All three addresses. Raises UserError if one is neither set nor in a running stack."""
    local = _read(stack_file(settings.data_dir))
    postgres = settings.postgres.url.get_secret_value() if settings.postgres.url else local.get("postgres")
    redis = settings.redis.url.get_secret_value() if settings.redis.url else local.get("redis")
    kafka = settings.kafka.bootstrap_servers or local.get("kafka")
    if not (kafka and postgres and redis):
        missing = ", ".join(n for n, v in (("kafka", kafka), ("postgres", postgres), ("redis", redis)) if not v)
        raise UserError(
            f"no address for {missing}: start a stack with `tickerplant up --data-dir {settings.data_dir}` or set it in the settings"
        )
    return Addresses(kafka, postgres, redis)


def kafka_address(settings: Settings) -> str:
    """Kafka's alone, for processes that need no store. Raises UserError if it is neither set nor in a running stack."""
    kafka = settings.kafka.bootstrap_servers or _read(stack_file(settings.data_dir)).get("kafka")
    if not kafka:
        raise UserError(
            f"no address for kafka: start a stack with `tickerplant up --data-dir {settings.data_dir}` or set kafka.bootstrap_servers"
        )
    return kafka


def redis_address(settings: Settings) -> str | None:
    """Redis's, for a process that can do without it: None if it is neither set nor in a running stack. A password may be inside."""
    if settings.redis.url:
        return settings.redis.url.get_secret_value()
    return _read(stack_file(settings.data_dir)).get("redis")


def _read(path: Path) -> dict[str, str]:
    try:
        return {str(part): str(address) for part, address in json.loads(path.read_text()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError):
        raise UserError(f"{path} cannot be read; stop the stack with `tickerplant down`, delete the file and start it again") from None


def is_loopback(url: str) -> bool:
    """True for an address of this machine, which no proxy can reach."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def without_login(url: str) -> str:
    """The URL as it may be shown: user and password left out."""
    return urlsplit(url)._replace(netloc=urlsplit(url).netloc.rpartition("@")[2]).geturl()
