"""Which tokens hold. Every refusal has its code."""

import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.grants import RefusedToken
from gateway.access.tokens import TokenReader
from runtime.clock import ManualClock
from runtime.errors import UserError
from runtime.settings.access import AccessSettings
from tests.access_support import SECRET, claims, hand_made, public_pem, rsa_key, running_issuer, token


def reader(**settings: Any) -> TokenReader:
    return TokenReader(AccessSettings(**{"hs256_secret": SECRET, "leeway_s": 0, **settings}), ManualClock())


async def code_of(text: str, **settings: Any) -> str:
    """The refusal's code, "" for a token that holds."""
    try:
        await reader(**settings).claims(text)
    except RefusedToken as refused:
        return refused.code
    return ""


def cases() -> dict[str, tuple[str, str]]:
    """Made when they are used: a suite may last longer than a token."""
    now = time.time()
    return {
        "good": (token(), ""),
        "expired": (token(expires_in_s=-1), "token_expired"),
        "of tomorrow": (token(nbf=now + 3600), "token_not_yet_valid"),
        "issued tomorrow": (token(iat=now + 3600), "token_not_yet_valid"),
        "other audience": (token(aud="somebody"), "token_audience"),
        "one of several audiences": (token(aud=["somebody", "tickerplant"]), ""),
        "no audience": (token(aud=None), "token_claims"),
        "no expiry": (token(exp=None), "token_claims"),
        "no user": (token(sub=None), "token_claims"),
        "expiry that is no number": (token(exp="never"), "token_malformed"),
        "expiry NaN": (token(exp=float("nan")), "token_malformed"),
        "expiry infinite": (token(exp=float("inf")), "token_malformed"),
        "user that is no text": (token(sub=7), "token_malformed"),
        "forged": (token(key="another secret that is long enough"), "token_forged"),
        "none": (hand_made({"alg": "none", "typ": "JWT"}, claims()), "token_algorithm"),
        "None": (hand_made({"alg": "None"}, claims()), "token_algorithm"),
        "no algorithm": (hand_made({"typ": "JWT"}, claims()), "token_algorithm"),
        "HS512 with the right secret": (jwt.encode(claims(), SECRET * 2, "HS512"), "token_algorithm"),
        "RS256 without a key for it": (token(key=rsa_key(), algorithm="RS256"), "token_algorithm"),
        "empty signature": (token().rsplit(".", 1)[0] + ".", "token_forged"),
        "payload exchanged": (".".join([token().split(".")[0], token("eve").split(".")[1], token().split(".")[2]]), "token_forged"),
        "no token": ("abc", "token_malformed"),
        "empty": ("", "token_malformed"),
        "payload no object": (jwt.api_jws.encode(b"[1]", SECRET, "HS256"), "token_malformed"),
        "too long": ("x" * 9000, "token_malformed"),
    }


@pytest.mark.parametrize("case", cases())
async def test_tokens(case: str) -> None:
    text, code = cases()[case]
    assert await code_of(text) == code


async def test_issuer_where_one_is_set() -> None:
    assert await code_of(token(iss="home"), issuer="home") == ""
    assert await code_of(token(iss="elsewhere"), issuer="home") == "token_issuer"
    assert await code_of(token(), issuer="home") == "token_claims"


async def test_public_key_is_no_secret_of_hs256(tmp_path: Path) -> None:
    """The old trick: sign with HS256, the public key as the secret."""
    pem = public_pem(tmp_path)
    assert await code_of(token(key=rsa_key(), algorithm="RS256"), rs256_key=pem) == ""
    assert await code_of(token(key=rsa_key(1), algorithm="RS256"), rs256_key=pem) == "token_forged"
    trick = hmac_signed_with(pem.read_bytes())
    assert await code_of(trick, rs256_key=pem) == "token_forged"
    assert await code_of(trick, rs256_key=pem, hs256_secret=None) == "token_algorithm"


def hmac_signed_with(secret: bytes) -> str:
    import base64
    import hashlib
    import hmac

    body = hand_made({"alg": "HS256", "typ": "JWT"}, claims()).rsplit(".", 1)[0]
    signature = hmac.new(secret, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def test_key_file_that_is_no_rsa_key_is_one_line(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no key")
    with pytest.raises(UserError, match=r"wrong\.pem holds no public key"):
        reader(rs256_key=wrong)


async def test_issuers_keys_are_fetched_kept_and_renewed() -> None:
    with running_issuer() as (issuer, url):
        clock = ManualClock()
        keyed = TokenReader(AccessSettings(jwks_url=url), clock)
        signed = [token(key=rsa_key(n), algorithm="RS256", key_id=f"k{n}") for n in (0, 1)]
        for _ in range(3):
            assert (await keyed.claims(signed[0]))["sub"] == "ann"
        assert issuer.asked == 1
        with pytest.raises(RefusedToken, match="no such key"):
            await keyed.claims(signed[1])
        assert issuer.asked == 1  # asked a moment ago
        issuer.numbers = [1]
        clock.advance_s(11)
        assert (await keyed.claims(signed[1]))["sub"] == "ann"
        with pytest.raises(RefusedToken, match="no such key"):
            await keyed.claims(signed[0])
        issuer.is_away = True
        clock.advance_s(3600)
        assert (await keyed.claims(signed[1]))["sub"] == "ann"  # an issuer that is away keeps nobody out
        assert issuer.asked == 3


async def test_issuer_that_never_answered_and_tokens_without_a_key_id() -> None:
    with running_issuer() as (issuer, url):
        issuer.is_away = True
        keyed = TokenReader(AccessSettings(jwks_url=url), ManualClock())
        for key_id, code in (("k0", "keys_unavailable"), ("", "token_key")):
            with pytest.raises(RefusedToken) as refused:
                await keyed.claims(token(key=rsa_key(), algorithm="RS256", key_id=key_id))
            assert refused.value.code == code


async def test_secret_shown_among_public_keys_signs_nothing() -> None:
    with running_issuer() as (issuer, url):
        import base64

        shared = base64.urlsafe_b64encode(SECRET.encode()).decode()
        issuer.more = [{"kty": "oct", "k": shared, "kid": "oops", "alg": "HS256"}]
        keyed = TokenReader(AccessSettings(jwks_url=url), ManualClock())
        with pytest.raises(RefusedToken) as refused:
            await keyed.claims(token(key_id="oops"))
        assert refused.value.code == "token_algorithm"


@given(text=st.text(max_size=300) | st.builds(lambda a, b, c: f"{a}.{b}.{c}", *[st.text("abcdefXYZ019-_=", max_size=60)] * 3))
async def test_any_text_is_refused_with_a_code(text: str) -> None:
    assert (await code_of(text)).startswith("token_")


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


@given(changed=st.dictionaries(st.sampled_from(["sub", "aud", "exp", "nbf", "iat", "jti", "iss"]), _JSON, max_size=4))
async def test_well_signed_tokens_with_any_claims_hold_or_are_refused(changed: dict[str, Any]) -> None:
    code = await code_of(jwt.api_jws.encode(_json({**claims(), **changed}), SECRET, "HS256"))
    assert code == "" or code.startswith("token_")


def _json(body: Any) -> bytes:
    import json

    return json.dumps(body).encode()
