"""The public keys of an issuer, fetched from its JWKS address and kept. Fetching runs on a thread; nobody else waits for it."""

import asyncio
from typing import Any

from jwt import PyJWKClient, PyJWTError

from gateway.access.grants import RefusedToken
from runtime.clock import Clock
from runtime.logs import get_logger

_FETCH_TIMEOUT_S = 5
_STALE_AFTER_S = 300.0  # issuers show a new key for longer than this before they sign with it
_AGAIN_AFTER_S = 10.0  # tokens with made-up key ids must not become requests to the issuer
logger = get_logger()


class Jwks:
    """Keeps the last good answer: an issuer that is away keeps nobody out whose key is known."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._client = PyJWKClient(url, cache_jwk_set=False, timeout=_FETCH_TIMEOUT_S)
        self._clock = clock
        self._keys: dict[str, Any] = {}
        self._fetched_s = self._tried_s = -float("inf")
        self._fetching = asyncio.Lock()

    async def key(self, key_id: object) -> Any:
        """Raises RefusedToken if the issuer shows no RS256 key of this id."""
        if not isinstance(key_id, str):
            raise RefusedToken("token_key", "the token does not say which key signed it (header kid)")
        now_s = self._clock.monotonic_s()
        if key_id not in self._keys or now_s - self._fetched_s > _STALE_AFTER_S:
            await self._fetch()
        if key_id in self._keys:
            return self._keys[key_id]
        if self._keys:
            raise RefusedToken("token_key", "the issuer has no such key (header kid)")
        raise RefusedToken("keys_unavailable", "the issuer's keys could not be fetched; try again in a moment")

    async def _fetch(self) -> None:
        async with self._fetching:
            if self._clock.monotonic_s() - self._tried_s < _AGAIN_AFTER_S:
                return
            self._tried_s = self._clock.monotonic_s()
            try:
                found = await asyncio.to_thread(self._client.get_signing_keys)
            except (PyJWTError, OSError, ValueError) as error:
                logger.warning("jwks_unavailable", error=type(error).__name__)
                return
            # Of an issuer's keys only RSA ones: a symmetric key shown in public would let anybody sign.
            self._keys = {key.key_id: key.key for key in found if key.key_id and key.algorithm_name == "RS256"}
            self._fetched_s = self._clock.monotonic_s()
