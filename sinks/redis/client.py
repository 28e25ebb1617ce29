"""The connection to Redis and one call: a pipeline of guarded writes."""

import hashlib
from collections.abc import Sequence

import redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)

from runtime.errors import FatalError
from runtime.settings import RedisSettings
from sinks.redis.keys import guard_key, guard_ttl_s
from sinks.redis.scripts import GUARDED_WRITE
from sinks.redis.values import Write
from sinks.store import StoreDown

_SCRIPT_SHA = hashlib.sha1(GUARDED_WRITE.encode(), usedforsecurity=False).hexdigest()  # the name that EVALSHA knows it by
_SOCKET_TIMEOUT_S = 5.0
# A server that starts, has no memory or was made a replica by a fail-over will work again; nothing is acknowledged meanwhile.
_AWAY = (ConnectionError, TimeoutError, BusyLoadingError, OutOfMemoryError, ReadOnlyError)


class RedisClient:
    """Raises StoreDown when the server is away, FatalError when it refuses what we say."""

    def __init__(self, url: str, settings: RedisSettings) -> None:
        tls = {"ssl_ca_certs": str(settings.ssl_ca_location)} if settings.ssl_ca_location and url.startswith("rediss:") else {}
        self._redis = redis.Redis.from_url(url, socket_timeout=_SOCKET_TIMEOUT_S, socket_connect_timeout=_SOCKET_TIMEOUT_S, **tls)

    def ping(self) -> None:
        try:
            self._redis.ping()
        except RedisError as error:
            raise _translated(error) from error

    def write(self, writes: Sequence[Write]) -> int:
        """All writes in one round trip; returns how many were newer than what was there. Each is atomic, all together are not: they may be repeated."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.script_load(GUARDED_WRITE)  # a restarted server has forgotten it
        for write in writes:
            pipeline.evalsha(_SCRIPT_SHA, 2, write.key, guard_key(write.key), *_arguments(write))
        try:
            return sum(pipeline.execute()[1:])
        except RedisError as error:
            raise _translated(error) from error

    def close(self) -> None:
        self._redis.close()


def _arguments(write: Write) -> tuple[str | bytes | int, ...]:
    lifetimes = (write.ttl_s, guard_ttl_s(write.ttl_s))
    return (write.part, write.order, write.source, write.head, write.body, *lifetimes, write.other, write.other_absent)


def _translated(error: RedisError) -> Exception:
    text = " ".join(str(error).split())
    if isinstance(error, _AWAY) and not isinstance(error, AuthenticationError):
        return StoreDown(f"Redis: {text}")
    return FatalError(f"Redis refuses: {text}")
