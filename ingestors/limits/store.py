"""Redis as the memory of what all processes have asked of a provider. A question is one Lua script, so no two processes take the same room.

Keys: `limits:PROVIDER:HOST:MARK:SPAN`, a hash of weights by sixtieth of the span, and `limits:...:ban`, the end of a ban in ms since 1970. All by Redis' clock.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ingestors.limits.away import StoreAway
from ingestors.limits.budget import SLOTS, Account, Budget
from runtime.clock import Clock
from runtime.logs import get_logger
from runtime.settings import RedisSettings

_TIMEOUT_S = 1.0
_AGAIN_AFTER_S = 2.0
logger = get_logger()

# KEYS: the ban, then a hash a limit. ARGV: weight wanted; a limit's weight and ms of a slot, for each; how many triples (number of the limit, slot, weight) follow of what the
# asker knows to have been asked, which Redis may have forgotten; these; then as triples what it asked while Redis was away. Returns ms to wait (0: taken), then of each limit
# what was asked: slot, weight, slot, weight, ...
_TAKE = """
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + tonumber(t[2]) / 1000
local weight, limits = tonumber(ARGV[1]), #KEYS - 1
local at = 2 * limits + 2
local unshared = at + 1 + 3 * tonumber(ARGV[at])
for i = at + 1, unshared - 1, 3 do
  local key = KEYS[1 + tonumber(ARGV[i])]
  if tonumber(redis.call('HGET', key, ARGV[i + 1]) or 0) < tonumber(ARGV[i + 2]) then redis.call('HSET', key, ARGV[i + 1], ARGV[i + 2]) end
end
for i = unshared, #ARGV, 3 do redis.call('HINCRBY', KEYS[1 + tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2]) end
local wait, asked = 0, {}
local ban = redis.call('GET', KEYS[1])
if ban then wait = math.max(0, tonumber(ban) - now) end
for i = 1, limits do
  local most, slot_ms, key = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1]), KEYS[1 + i]
  local oldest, live, sum = math.floor(now / slot_ms) - SLOTS, {}, 0
  local kept = redis.call('HGETALL', key)
  for j = 1, #kept, 2 do
    local slot, taken = tonumber(kept[j]), tonumber(kept[j + 1])
    if slot < oldest then redis.call('HDEL', key, kept[j])
    else live[#live + 1] = {slot, taken}; sum = sum + taken end
  end
  table.sort(live, function(a, b) return a[1] < b[1] end)
  local over = sum + math.min(weight, most) - most
  for _, one in ipairs(live) do
    if over <= 0 then break end
    over = over - one[2]
    if over <= 0 then wait = math.max(wait, (one[1] + SLOTS + 1) * slot_ms - now) end
  end
  asked[i] = {}
  for _, one in ipairs(live) do
    table.insert(asked[i], one[1])
    table.insert(asked[i], one[2])
  end
end
for i = 1, limits do
  local slot_ms = tonumber(ARGV[2 * i + 1])
  if wait <= 0 then
    local slot = math.floor(now / slot_ms)
    local taken = redis.call('HINCRBY', KEYS[1 + i], string.format('%.0f', slot), weight)
    if asked[i][#asked[i] - 1] == slot then asked[i][#asked[i]] = taken
    else
      table.insert(asked[i], slot)
      table.insert(asked[i], taken)
    end
  end
  redis.call('PEXPIRE', KEYS[1 + i], math.ceil((SLOTS + 2) * slot_ms))
end
table.insert(asked, 1, math.ceil(wait))
return asked
""".replace("SLOTS", str(SLOTS))
# KEYS: the ban. ARGV: its ms. Returns ms of the ban that holds.
_BAN = """
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + tonumber(t[2]) / 1000
local ends, known = now + tonumber(ARGV[1]), tonumber(redis.call('GET', KEYS[1]) or 0)
if known >= ends then return math.ceil(known - now) end
redis.call('SET', KEYS[1], string.format('%.0f', math.ceil(ends)), 'PX', math.max(1, math.ceil(tonumber(ARGV[1]))))
return math.ceil(ends - now)
"""


Asked = Mapping[tuple[int, int], int]
"""Weights by (number of the limit from 1, slot)."""


class Answer(NamedTuple):
    """wait_s: 0 where it was taken. asked: by limit of the budget, over all processes: weights by slot, this one's too if it was taken."""

    wait_s: float
    asked: list[dict[int, int]]


class Store:
    """Raises StoreAway; then Redis is left in peace for a while, and every process counts for itself."""

    def __init__(self, url: str, settings: RedisSettings, clock: Clock) -> None:
        tls: dict[str, Any] = (
            {"ssl_ca_certs": str(settings.ssl_ca_location)} if settings.ssl_ca_location and url.startswith("rediss:") else {}
        )
        once_more = Retry(NoBackoff(), 1)  # a connection that the server closed while it was idle
        self._redis = Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, retry=once_more, **tls)
        self._take = self._redis.register_script(_TAKE)
        self._ban = self._redis.register_script(_BAN)
        self._clock = clock
        self._away_until_s = -float("inf")
        self.is_up: bool | None = None  # None: not asked yet

    async def take(self, account: Account, budget: Budget, weight: int, unshared: Asked, known: Asked) -> Answer:
        """unshared: what was asked while Redis was away. known: what was asked before, by whomever: Redis is told again, for it may have begun anew or given keys up."""
        keys = [ban_key(account), *(window_key(account, limit.span) for limit in budget)]
        arguments: list[float] = [weight]
        for limit in budget:
            arguments += [limit.weight, limit.slot_s * 1000]
        arguments.append(len(known))
        for (number, slot), asked in (*known.items(), *unshared.items()):
            arguments += [number, slot, asked]
        wait_ms, *answered = await self._ask(lambda: self._take(keys=keys, args=arguments))
        return Answer(wait_ms / 1000, [dict(zip(flat[::2], flat[1::2], strict=True)) for flat in answered])

    async def ban(self, account: Account, wait_s: float) -> None:
        await self._ask(lambda: self._ban(keys=[ban_key(account)], args=[wait_s * 1000]))

    async def close(self) -> None:
        await self._redis.aclose()

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        if self._clock.monotonic_s() < self._away_until_s:
            raise StoreAway
        try:
            answer = await call()
        except RedisError as error:
            self._away_until_s = self._clock.monotonic_s() + _AGAIN_AFTER_S
            self._set_up(False, type(error).__name__)
            raise StoreAway from error
        self._set_up(True)
        return answer

    def _set_up(self, is_up: bool, error: str = "") -> None:
        """error: the kind alone; a message may hold the address."""
        if is_up != self.is_up:
            told = logger.info if is_up else logger.warning
            told("provider_limits", counted="by all processes, in Redis" if is_up else "by this process alone: Redis is away", error=error)
        self.is_up = is_up


def ban_key(account: Account) -> str:
    return f"limits:{account.name}:ban"


def window_key(account: Account, span: str) -> str:
    return f"limits:{account.name}:{span}"
