"""Redis as the memory that all gateway processes share: names in use, and messages still to be given out. Each call is one Lua script.

What a process claims there expires unless it is claimed again: a process that was killed holds nothing for longer than CLAIM_TTL_S.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from gateway.access.away import StoreAway
from runtime import metrics
from runtime.clock import Clock
from runtime.logs import get_logger
from runtime.settings import RedisSettings

CLAIM_TTL_S = 30
_TIMEOUT_S = 0.5  # a client's subscription waits for the answer
_AGAIN_AFTER_S = 2.0
logger = get_logger()

# KEYS: the owner's names. ARGV: limit, lifetime, process, names... Members are process|name; the same name of two processes counts once.
_CLAIM = """
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local known, count = {}, 0
for _, member in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local name = string.match(member, '|(.*)')
  if not known[name] then known[name] = true; count = count + 1 end
end
for i = 4, #ARGV do
  if not known[ARGV[i]] then known[ARGV[i]] = true; count = count + 1 end
end
local limit = tonumber(ARGV[1])
if limit > 0 and count > limit then return 0 end
for i = 4, #ARGV do redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[3] .. '|' .. ARGV[i]) end
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[2]) * 2)
return 1
"""
# KEYS: the user's bucket. ARGV: messages a second, wanted. A bucket that is not there is full.
_LEASE = """
local t = redis.call('TIME')
local now = tonumber(t[1]) + tonumber(t[2]) / 1000000
local per_s = tonumber(ARGV[1])
local room = math.max(1, per_s)
local kept = redis.call('HMGET', KEYS[1], 'level', 'at')
local level = room
if kept[1] then level = math.min(room, tonumber(kept[1]) + (now - tonumber(kept[2])) * per_s) end
local granted = math.max(0, math.min(tonumber(ARGV[2]), math.floor(level)))
redis.call('HSET', KEYS[1], 'level', tostring(level - granted), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(room / per_s * 1000) + 1000)
return granted
"""


class Store:
    """One call at a time, in the order in which they are made. Raises StoreAway; then nobody waits for it for a while."""

    def __init__(self, url: str, settings: RedisSettings, clock: Clock) -> None:
        tls: dict[str, Any] = (
            {"ssl_ca_certs": str(settings.ssl_ca_location)} if settings.ssl_ca_location and url.startswith("rediss:") else {}
        )
        once_more = Retry(NoBackoff(), 1)  # a connection that the server closed while it was idle
        self._redis = Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=once_more, **tls)
        self._claim = self._redis.register_script(_CLAIM)
        self._lease = self._redis.register_script(_LEASE)
        self._clock = clock
        self._turn = asyncio.Lock()
        self._away_until_s = -float("inf")
        self._process = uuid4().hex[:12]
        self.is_up = True

    async def claim(self, kind: str, owner: str, names: Sequence[str], limit: int) -> bool:
        """False if the owner would have more than `limit` different names over all processes; 0: whatever the limit."""
        arguments: list[str | int] = [limit, CLAIM_TTL_S, self._process, *names]
        return bool(await self._ask(lambda: self._claim(keys=[_key(kind, owner)], args=arguments)))

    async def release(self, kind: str, owner: str, names: Sequence[str]) -> None:
        members = [f"{self._process}|{name}" for name in names]
        await self._ask(lambda: self._redis.zrem(_key(kind, owner), *members))

    async def lease(self, user: str, per_s: float, wanted: int) -> int:
        """Messages that this process may send to the user now, at most `wanted`."""
        return int(await self._ask(lambda: self._lease(keys=[_key("pace", user)], args=[per_s, wanted])))

    async def close(self) -> None:
        await self._redis.aclose()

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        async with self._turn:
            if self._clock.monotonic_s() < self._away_until_s:
                raise StoreAway
            try:
                answer = await call()
            except RedisError as error:
                self._set_up(False, type(error).__name__)
                raise StoreAway from error
            self._set_up(True)
            return answer

    def _set_up(self, is_up: bool, error: str = "") -> None:
        """error: the kind alone; a message may hold the address."""
        if not is_up:
            self._away_until_s = self._clock.monotonic_s() + _AGAIN_AFTER_S
        if is_up != self.is_up:
            logger.warning("shared_limits", store="up" if is_up else "down", error=error)
        self.is_up = is_up
        metrics.PART_UP.labels("gateway", "redis").set(1 if is_up else 0)


def _key(kind: str, owner: str) -> str:
    return f"gateway:{kind}:{owner}"
