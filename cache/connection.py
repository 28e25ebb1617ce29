"""How we connect to Redis, and which of its errors mean that it is away."""

from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)
from redis.retry import Retry

from runtime.settings import RedisSettings

# A server that starts, has no memory or was made a replica by a fail-over will work again.
_AWAY = (ConnectionError, TimeoutError, BusyLoadingError, OutOfMemoryError, ReadOnlyError)


def connect(url: str, settings: RedisSettings, timeout_s: float, name: str, met: Callable[[str], None]) -> redis.Redis:
    """A client that connects with its first command; no command waits longer than timeout_s for an answer, and none is repeated by the library.

    met: is told the server's run id on every new connection, before any command: the library connects again by itself, and the server may have been
    started anew meanwhile. Called by the thread whose command it is.
    """

    def begin(connection: Any) -> None:
        connection.on_connect()
        connection.send_command("INFO", "server")
        met(_run_id(connection.read_response()))

    tls = {"ssl_ca_certs": str(settings.ssl_ca_location)} if settings.ssl_ca_location and url.startswith("rediss:") else {}
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        client_name=name,
        redis_connect_func=begin,
        **tls,
    )


def _run_id(info: bytes | str) -> str:
    lines = (info.decode() if isinstance(info, bytes) else info).splitlines()
    return next((line.removeprefix("run_id:") for line in lines if line.startswith("run_id:")), "")


def is_away(error: RedisError) -> bool:
    """True if the same may work later; False if the server refuses what we say, a wrong password included."""
    return isinstance(error, _AWAY) and not isinstance(error, AuthenticationError)


def said(error: RedisError) -> str:
    """Its words on one line."""
    return " ".join(str(error).split())
