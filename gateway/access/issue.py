"""Tokens of our own making, for development: what an identity provider does elsewhere."""

from uuid import uuid4

import jwt

from gateway.access.grants import RefusedToken, grant_of
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings.access import AccessSettings


def issued(settings: AccessSettings, clock: Clock, user: str, tier: str, scope: str, roles: tuple[str, ...], holds_s: float) -> str:
    """A token that the gateway with the same settings takes. Raises UserError for what it would refuse."""
    if settings.hs256_secret is None:
        raise UserError(
            "there is no secret to sign with: set gateway.access.hs256_secret, for the gateway too (`openssl rand -hex 32` makes one)"
        )
    now_s = clock.now_ns() // 1_000_000_000
    claims = {"sub": user, "aud": settings.audience, "iat": now_s, "exp": now_s + max(1, round(holds_s)), "jti": uuid4().hex}
    claims |= {"tier": tier, "scope": scope, "roles": list(roles)} | ({"iss": settings.issuer} if settings.issuer else {})
    try:
        grant_of(claims, settings)
    except RefusedToken as error:
        raise UserError(f"the gateway would refuse this token: {error}") from None
    return jwt.encode(claims, settings.hs256_secret.get_secret_value(), "HS256")
