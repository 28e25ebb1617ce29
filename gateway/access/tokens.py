"""Tokens to claims: signature, times, audience and issuer are checked by PyJWT, with the one algorithm that belongs to each key."""

from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from gateway.access.grants import RefusedToken
from gateway.access.keys import Jwks
from runtime.clock import Clock
from runtime.errors import UserError
from runtime.settings.access import AccessSettings

LONGEST_TOKEN = 8192
_SMALLEST_RSA_BITS = 2048
# The first that fits: expired and immature tokens are well signed, the rest is not looked at further.
_REFUSALS: tuple[tuple[type[Exception], str, str], ...] = (
    (jwt.ExpiredSignatureError, "token_expired", "the token has expired; get a new one"),
    (jwt.ImmatureSignatureError, "token_not_yet_valid", "the token is not valid yet (claims nbf, iat)"),
    (jwt.InvalidAudienceError, "token_audience", "the token is meant for someone else (claim aud)"),
    (jwt.InvalidIssuerError, "token_issuer", "the token comes from another issuer (claim iss)"),
    (jwt.MissingRequiredClaimError, "token_claims", "the token needs the claims exp, sub and aud, and iss where an issuer is set"),
    (jwt.InvalidSignatureError, "token_forged", "the token's signature does not fit"),
    (jwt.InvalidAlgorithmError, "token_algorithm", "tokens are signed with HS256 or RS256, whichever has a key here"),
)


class TokenReader:
    """Raises UserError at its making if a key file cannot be used."""

    def __init__(self, settings: AccessSettings, clock: Clock) -> None:
        self._settings = settings
        self._secret = settings.hs256_secret.get_secret_value().encode() if settings.hs256_secret else None
        self._public_key = _rsa_key(settings.rs256_key) if settings.rs256_key else None
        self._jwks = Jwks(settings.jwks_url, clock) if settings.jwks_url else None

    async def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that holds now. Raises RefusedToken."""
        if len(token) > LONGEST_TOKEN:
            raise RefusedToken("token_malformed", f"a token has at most {LONGEST_TOKEN} characters")
        try:
            header = jwt.get_unverified_header(token)
            algorithm, key = await self._key(header)
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=self._settings.leeway_s,
                options={"require": ["exp", "sub", "aud"] + (["iss"] if self._settings.issuer else [])},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise _refusal(error) from None

    async def _key(self, header: dict[str, Any]) -> tuple[str, Any]:
        """A key is only ever used with its own algorithm: a public key is no HS256 secret, and `none` has no key."""
        algorithm = header.get("alg")
        if algorithm == "HS256" and self._secret is not None:
            return "HS256", self._secret
        if algorithm == "RS256" and self._jwks is not None and (self._public_key is None or "kid" in header):
            return "RS256", await self._jwks.key(header.get("kid"))
        if algorithm == "RS256" and self._public_key is not None:
            return "RS256", self._public_key
        raise jwt.InvalidAlgorithmError


def _refusal(error: Exception) -> RefusedToken:
    for kind, code, sentence in _REFUSALS:
        if isinstance(error, kind):
            return RefusedToken(code, sentence)
    return RefusedToken("token_malformed", "this is no token: three parts of base64url with dots between, with usable claims")


def _rsa_key(path: Path) -> RSAPublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        raise UserError(f"gateway.access.rs256_key: {path} holds no public key in PEM form") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < _SMALLEST_RSA_BITS:
        raise UserError(f"gateway.access.rs256_key: {path} holds no RSA key of {_SMALLEST_RSA_BITS} bits or more")
    return key
