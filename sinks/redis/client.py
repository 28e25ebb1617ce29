"""The connection to Redis and its calls: pipelines of guarded writes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec
from redis.exceptions import NoScriptError, RedisError

from cache import guard, streams
from cache.connection import connect, is_away, said
from cache.figures import Figures, ask, figures
from cache.guard import Write
from cache.keys import SYMBOLS_KEY
from cache.streams import Append
from runtime.errors import FatalError
from runtime.settings import RedisSettings
from sinks.store import StoreDown

_SOCKET_TIMEOUT_S = 5.0
T = TypeVar("T")
_decode = msgspec.json.Decoder().decode
_PIPELINE_APPENDS = 200  # of many events each
_PIPELINE_WRITES = 5_000  # what one answer is waited for; all values of a line written again are many pipelines


class ServerForgot(Exception):
    """The server was started anew, perhaps without what it held."""


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
        """Tells the server the scripts."""
        try:
            guard.load(self._redis)
            streams.load(self._redis)
        except RedisError as error:
            raise _translated(error) from error
        self._introduced_to = self._run_id

    def write(self, writes: Sequence[Write]) -> list[bool]:
        """Whether each was newer than what was there. Each is atomic, all together are not: they may be repeated, and must be after ServerForgot."""
        parts = _parts(writes, _PIPELINE_WRITES)
        return [bool(answer) for part in parts for answer in self._asked(partial(_add_all, items=part, add=guard.add))]

    def append(self, appends: Sequence[Append]) -> list[int]:
        """How many events of each were new to its stream. The rest as of `write`."""
        parts = _parts(appends, _PIPELINE_APPENDS)
        return [answer for part in parts for answer in self._asked(partial(_add_all, items=part, add=streams.add))]

    def symbols(self, seen: Sequence[str]) -> list[str]:
        """All that any sink has seen, these included, in order."""
        answers = self._asked(lambda pipeline: pipeline.sadd(SYMBOLS_KEY, *seen).smembers(SYMBOLS_KEY))
        return sorted(symbol.decode() for symbol in answers[1])

    def values(self, keys: Sequence[str]) -> list[Any]:
        """The JSON under each key, None where there is none or it is no JSON."""
        return [_decoded(text) for part in _parts(keys, _PIPELINE_WRITES) for text in self._asked(partial(_add_reads, keys=part))[0]]

    def _asked(self, add: Callable[[Any], object]) -> list[Any]:
        pipeline = self._redis.pipeline(transaction=False)
        add(pipeline)
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
        return figures(self._asked(ask))

    def close(self) -> None:
        self._redis.close()


def _parts(items: Sequence[T], size: int) -> list[Sequence[T]]:
    return [items[start : start + size] for start in range(0, len(items), size)]


def _add_all(pipeline: Any, items: Sequence[T], add: Callable[[Any, T], None]) -> None:
    for item in items:
        add(pipeline, item)


def _add_reads(pipeline: Any, keys: Sequence[str]) -> None:
    pipeline.mget(keys)


def _decoded(text: bytes | None) -> Any:
    try:
        return None if text is None else _decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # another's value under our key: the next write replaces it


def _translated(error: RedisError) -> Exception:
    """Nothing is acknowledged while the server is away."""
    if is_away(error):
        return StoreDown(f"Redis: {said(error)}")
    return FatalError(f"Redis refuses: {said(error)}")
