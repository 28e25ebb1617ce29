"""Redis as the cache sees it: it answers, or it is away and not asked again for a while; and it may come back without what it held."""

import threading
from collections.abc import Callable
from typing import Any

import redis
from redis.exceptions import NoScriptError, RedisError, TimeoutError

from cache import guard
from cache.connection import is_away, said
from runtime import metrics
from runtime.clock import Clock
from runtime.errors import UserError

Met = Callable[[str], None]


class Remote:
    """Thread-safe. Says nothing in logs, because it lives in others' processes; tickerplant_cache_redis_up tells.

    life: grows whenever the server turns out to be another one than before, or one started anew: what it held may be gone.
    returned: called when the server answers for the first time or again, by the thread that found out; it may use `ask`.
    """

    def __init__(self, connect: Callable[[Met], redis.Redis], clock: Clock, retry_s: float, returned: Callable[[], None]) -> None:
        self._client = connect(self._is_there)
        self._clock = clock
        self._retry_s = retry_s
        self._returned = returned
        self._lock = threading.Lock()
        self._met = False
        self._run_id = ""  # of the server that the newest connection leads to
        self._met_run_id = ""
        self._away_until_s = float("-inf")
        self.life = 0

    @property
    def is_up(self) -> bool:
        """As of the last question."""
        return self._met

    def ask(self, add: Callable[[Any], object]) -> list[Any] | None:
        """The answers to what `add` puts into a pipeline, None while the server is away. Blocks up to the connection's time-out, and only once while it is away.

        Raises UserError if the server refuses us.
        """
        for _ in range(2):  # a server that was restarted between two questions has cut the connection, and does not know the script
            if not self._may_ask():
                return None
            try:
                self._meet()
                pipeline = self._client.pipeline(transaction=False)
                add(pipeline)
                answers = pipeline.execute()
            except NoScriptError:
                self._met = False
            except RedisError as error:
                self._lose(error)
            else:
                if self._run_id == self._met_run_id:
                    return answers
                self._met = False
        return None

    def _is_there(self, run_id: str) -> None:
        self._run_id = run_id

    def _may_ask(self) -> bool:
        """While the server is away one thread tries, the others need not wait with it."""
        with self._lock:
            if self._met:
                return True
            now_s = self._clock.monotonic_s()
            if now_s < self._away_until_s:
                return False
            self._away_until_s = now_s + self._retry_s
            return True

    def _meet(self) -> None:
        if self._met:
            return
        guard.load(self._client)
        with self._lock:
            self.life += self._run_id != self._met_run_id
            self._met_run_id = self._run_id
            self._away_until_s = float("-inf")
            self._met = True
        metrics.CACHE_REDIS_UP.set(1)
        self._returned()

    def _lose(self, error: RedisError) -> None:
        if not is_away(error):
            raise UserError(f"Redis refuses: {said(error)}; look at redis.url and at who else writes there") from error
        with self._lock:
            was_met, self._met = self._met, False
            # One that was there a moment ago may be back already; one that does not answer at all is not worth a second wait.
            self._away_until_s = self._clock.monotonic_s() + (0 if was_met and not isinstance(error, TimeoutError) else self._retry_s)
        self._client.connection_pool.disconnect(inuse_connections=False)
        metrics.CACHE_REDIS_UP.set(0)

    def close(self) -> None:
        self._client.close()
