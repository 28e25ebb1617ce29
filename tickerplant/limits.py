"""What all processes have asked of the providers lately, as Redis has it."""

from dataclasses import dataclass
from math import floor

import redis

from ingestors.limits.budget import SLOTS, SPAN_S, Limit
from ingestors.limits.gates import budget_for
from runtime.addresses import redis_address
from runtime.errors import UserError
from runtime.settings import Settings

_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Use:
    """One account and span. key: the mark of the key that is asked with, "-" without. used, budget: calls, or weight where the provider counts so.

    budget: 0 where the span is not limited. banned_s: how long the provider still wants no question, of the account.
    """

    provider: str
    host: str
    key: str
    span: str
    used: int
    budget: int
    banned_s: float


def uses(settings: Settings) -> list[Use]:
    """Of all accounts that were asked within a day. Raises UserError where there is no Redis, or it does not answer."""
    url = redis_address(settings)
    if url is None:
        raise UserError("there is no Redis, so every process counts alone; start a stack with `tickerplant up` or set redis.url")
    tls = {"ssl_ca_certs": str(settings.redis.ssl_ca_location)} if settings.redis.ssl_ca_location and url.startswith("rediss:") else {}
    try:
        with redis.Redis.from_url(url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S, **tls) as client:
            return _read(client, settings)
    except redis.RedisError as error:
        raise UserError(f"Redis does not answer ({type(error).__name__}); is the stack up?") from None


def _read(client: redis.Redis, settings: Settings) -> list[Use]:
    seconds, microseconds = client.time()
    now_s, found = seconds + microseconds / 1e6, list[Use]()
    for name in sorted(key.decode() for key in client.scan_iter("limits:*", count=1_000)):
        provider, host, mark, span = name.split(":")[1:]
        if span not in SPAN_S:
            continue
        limits = {limit.span: limit for limit in budget_for(provider, settings.limits.budgets)}
        kept = {int(slot): int(weight) for slot, weight in client.hgetall(name).items()}
        ban = float(client.get(f"limits:{provider}:{host}:{mark}:ban") or 0) / 1000
        budget = limits[span].weight if span in limits else 0
        found.append(Use(provider, host, mark, span, _used(kept, span, now_s), budget, max(0.0, ban - now_s)))
    return sorted(found, key=lambda use: (use.provider, use.host, use.key, SPAN_S[use.span]))  # type: ignore[index]


def _used(kept: dict[int, int], span: str, now_s: float) -> int:
    oldest = floor(now_s / Limit(1, span).slot_s) - SLOTS  # type: ignore[arg-type]
    return sum(weight for slot, weight in kept.items() if slot >= oldest)
