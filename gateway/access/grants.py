"""What a client is allowed, from a token's claims or without one. Pure. Every part of it only narrows."""

import math
from dataclasses import dataclass
from typing import Any, get_args

from gateway.access.addresses import counted_as
from gateway.access.scopes import Ceiling, ceiling
from runtime.settings.access import AccessSettings, TierName, TierSettings

OPERATOR = "operator"
_LONGEST_NAME = 128
_MOST_PATTERNS = 200
_END_OF_TIMES_S = 253_402_300_799  # of the year 9999: later times cannot be written as dates


class RefusedToken(Exception):
    """code: for programs; str(): one sentence. Neither holds anything of the token."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Grant:
    """user: whose limits are shared by all connections; ceilings: all hold; limits of 0: none; expires_s: seconds since 1970, None: never."""

    user: str
    tier: TierName
    limits: TierSettings
    ceilings: tuple[Ceiling, ...] = ()
    roles: tuple[str, ...] = ()
    expires_s: float | None = None
    token_id: str | None = None
    is_anonymous: bool = False


def anonymous_tier(settings: AccessSettings) -> TierName | None:
    """The tier of clients without a token; None if there are none."""
    if settings.anonymous is None:
        return None if has_keys(settings) else "enterprise"
    return None if settings.anonymous == "none" else settings.anonymous


def has_keys(settings: AccessSettings) -> bool:
    """False: no token can be checked."""
    return bool(settings.hs256_secret or settings.rs256_key or settings.jwks_url)


def anonymous_grant(settings: AccessSettings, address: str) -> Grant | None:
    """Clients without a token share the limits of their address (IPv6: of their /64); how many connections that may have is a setting of its own."""
    tier = anonymous_tier(settings)
    if tier is None:
        return None
    limits = _limits_of(settings, tier).model_copy(update={"connections": 0})
    return Grant(f"address:{counted_as(address) or address}", tier, limits, is_anonymous=True)


def grant_of(claims: dict[str, Any], settings: AccessSettings) -> Grant:
    """The grant of a token whose signature, times, audience and issuer are checked already. Raises RefusedToken."""
    user = claims["sub"]
    if not (0 < len(user) <= _LONGEST_NAME and user.isprintable()):
        raise RefusedToken("token_claims", f"claim sub is a name of 1 to {_LONGEST_NAME} printable characters")
    tier = claims.get("tier", "free")
    if tier not in get_args(TierName):
        raise RefusedToken("token_claims", "claim tier is one of free, premium, enterprise")
    roles = _words(claims, "roles")
    unknown = [role for role in roles if role != OPERATOR and role not in settings.roles]
    if unknown:
        raise RefusedToken("token_claims", f"role {unknown[0][:40]} is not known here; name it in gateway.access.roles")
    ceilings = (ceiling(_words(claims, "scope")), *(ceiling(settings.roles[role]) for role in roles if role in settings.roles))
    limits = _narrowed(_limits_of(settings, tier), claims)
    return Grant(f"user:{user}", tier, limits, ceilings, roles, _expiry_s(claims), _token_id(claims))


def _expiry_s(claims: dict[str, Any]) -> float:
    expires_s = float(claims["exp"])
    if not expires_s <= _END_OF_TIMES_S:
        raise RefusedToken("token_claims", "claim exp is in seconds since 1970, not in milliseconds, and before the year 10000")
    return expires_s


def _limits_of(settings: AccessSettings, tier: TierName) -> TierSettings:
    limits: TierSettings = getattr(settings, tier)
    return limits


def _narrowed(limits: TierSettings, claims: dict[str, Any]) -> TierSettings:
    """A token's own limits, as a contract of the enterprise tier has them: never above the tier's."""
    asked = {name: claims[name] for name in TierSettings.model_fields if claims.get(name) is not None}
    for name, value in asked.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 1:
            raise RefusedToken("token_claims", f"claim {name} is a number from 1")
    held = {name: min(value, getattr(limits, name) or value) for name, value in asked.items()}
    return limits.model_copy(update={name: value if name == "messages_per_s" else int(value) for name, value in held.items()})


def _words(claims: dict[str, Any], name: str) -> tuple[str, ...]:
    """A list of texts, or one text with spaces between, as OAuth writes scopes."""
    given = claims.get(name) or ()
    words = given.split() if isinstance(given, str) else given
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words) or len(words) > _MOST_PATTERNS:
        raise RefusedToken("token_claims", f"claim {name} is a text or a list of at most {_MOST_PATTERNS} texts")
    return tuple(words)


def _token_id(claims: dict[str, Any]) -> str | None:
    given = claims.get("jti")
    return given[:_LONGEST_NAME] if isinstance(given, str) else None
