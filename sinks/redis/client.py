"""The connection to Redis and its calls: pipelines of guarded writes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.exceptions import NoScriptError, RedisError

from cache import guard
from cache.connection import connect, is_away, said
from cache.guard import Write
from runtime.errors import FatalError
from runtime.settings import RedisSettings
from sinks.store import StoreDown

_SOCKET_TIMEOUT_S = 5.0
_PIPELINE_WRITES = 5_000  # what one answer is waited for; all values of a line written again are many pipelines


class ServerForgot(Exception):
    """The server was started anew, perhaps without what it held."""


class Figures(NamedTuple):
    """bytes: memory in use. keys: of our database. evicted, hits, misses: since the server's start, by all its clients."""

    bytes: int
    keys: int
    evicted: int
    hits: int
    misses: int


class RedisClient:
    """Raises StoreDown when the server is away, FatalError when it refuses what we say."""

    def __init__(self, url: str, settings: RedisSettings) -> None:
        self._run_id = ""  # of the server that the connection leads to
        self._introduced_to = ""
        self._redis = connect(url, settings, _SOCKET_TIMEOUT_S, "sink-redis", self._is_there)

    def _is_there(self, run_id: str) -> None:
        self._run_id = run_id

    def ping(self) -> None:
        try:
            self._redis.ping()
        except RedisError as error:
            raise _translated(error) from error

    def knows_us(self) -> bool:
        """False if the server was started since `introduce`, or is another one."""
        try:
            return guard.is_loaded(self._redis) and self._run_id == self._introduced_to
        except RedisError as error:
            raise _translated(error) from error

    def introduce(self) -> None:
        """Tells the server the script."""
        try:
            guard.load(self._redis)
        except RedisError as error:
            raise _translated(error) from error
        self._introduced_to = self._run_id

    def write(self, writes: Sequence[Write]) -> list[bool]:
        """Whether each was newer than what was there. Each is atomic, all together are not: they may be repeated, and must be after ServerForgot."""
        return [bool(answer) for start in range(0, len(writes), _PIPELINE_WRITES) for answer in self._pipelined(writes, start)]

    def _pipelined(self, writes: Sequence[Write], start: int) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        for write in writes[start : start + _PIPELINE_WRITES]:
            guard.add(pipeline, write)
        try:
            answers = pipeline.execute()
        except NoScriptError as error:
            raise ServerForgot from error
        except RedisError as error:
            raise _translated(error) from error
        if self._run_id != self._introduced_to:  # the client library has connected again by itself
            raise ServerForgot
        return answers

    def figures(self) -> Figures:
        """What the server says of itself."""
        pipeline: Any = self._redis.pipeline(transaction=False)
        pipeline.info("memory").info("stats").dbsize()
        try:
            memory, stats, keys = pipeline.execute()
        except RedisError as error:
            raise _translated(error) from error
        return Figures(memory["used_memory"], keys, stats["evicted_keys"], stats["keyspace_hits"], stats["keyspace_misses"])

    def close(self) -> None:
        self._redis.close()


def _translated(error: RedisError) -> Exception:
    """Nothing is acknowledged while the server is away."""
    if is_away(error):
        return StoreDown(f"Redis: {said(error)}")
    return FatalError(f"Redis refuses: {said(error)}")
