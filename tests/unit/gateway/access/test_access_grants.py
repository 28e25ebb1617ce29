"""What claims grant: nothing is allowed that was not said, and limits only fall."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.grants import RefusedToken, anonymous_grant, anonymous_tier, grant_of
from gateway.access.scopes import refused
from runtime.settings import load_settings
from runtime.settings.access import AccessSettings

CLAIMS: dict[str, Any] = {"sub": "ann", "exp": 2_000_000_000, "scope": "ticks ohlcv:BTC-*"}
SETTINGS = AccessSettings(roles={"charts": ("ohlcv",), "bitcoin": ("*:BTC-*",)})


def test_token_without_a_tier_is_free_and_without_a_scope_has_nothing() -> None:
    grant = grant_of({"sub": "ann", "exp": 2_000_000_000}, SETTINGS)
    assert (grant.tier, grant.limits.messages_per_s, grant.limits.symbols) == ("free", 100, 10)
    assert refused(grant.ceilings, "ticks", ["BTC-USDT"]) == "BTC-USDT"


def test_scope_as_text_or_list() -> None:
    for scope in ("ticks ohlcv:BTC-*", ["ticks", "ohlcv:BTC-*"]):
        grant = grant_of({**CLAIMS, "scope": scope}, SETTINGS)
        assert refused(grant.ceilings, "ticks", ["*"]) is None
        assert refused(grant.ceilings, "ohlcv", ["ETH-USDT"]) == "ETH-USDT"


def test_each_role_narrows() -> None:
    grant = grant_of({**CLAIMS, "roles": ["charts", "bitcoin", "operator"]}, SETTINGS)
    assert refused(grant.ceilings, "ticks", ["BTC-USDT"]) == "BTC-USDT"
    assert refused(grant.ceilings, "ohlcv", ["BTC-USDT"]) is None
    assert refused(grant.ceilings, "ohlcv", ["*"]) == "*"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"tier": "gold"}, "free, premium, enterprise"),
        ({"tier": ["free"]}, "free, premium, enterprise"),
        ({"roles": ["admin"]}, "gateway.access.roles"),
        ({"roles": 7}, "claim roles"),
        ({"scope": {"ticks": True}}, "claim scope"),
        ({"scope": ["ticks"] * 201}, "claim scope"),
        ({"exp": 1_795_000_000_000}, "claim exp is in seconds"),
        ({"exp": float("inf")}, "claim exp is in seconds"),
        ({"sub": ""}, "claim sub"),
        ({"sub": "a\nb"}, "claim sub"),
        ({"sub": "x" * 129}, "claim sub"),
        ({"symbols": "many"}, "claim symbols"),
        ({"symbols": 0}, "claim symbols"),
        ({"messages_per_s": float("nan")}, "claim messages_per_s"),
        ({"messages_per_s": True}, "claim messages_per_s"),
    ],
)
def test_odd_claims_are_refused(more: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedToken) as error:
        grant_of({**CLAIMS, **more}, SETTINGS)
    assert error.value.code == "token_claims"
    assert said in str(error.value)


@given(tier=st.sampled_from(["free", "premium", "enterprise"]), asked=st.integers(1, 10**9))
def test_limits_in_a_token_only_narrow(tier: Any, asked: int) -> None:
    limits = getattr(SETTINGS, tier)
    claims = {**CLAIMS, "tier": tier, "messages_per_s": asked, "symbols": asked, "connections": asked}
    for name, value in grant_of(claims, SETTINGS).limits.model_dump().items():
        assert value == min(asked, getattr(limits, name) or asked)


def test_anonymous_until_a_key_is_set() -> None:
    assert anonymous_tier(AccessSettings()) == "enterprise"
    keyed = AccessSettings(hs256_secret="s" * 32)  # type: ignore[arg-type]
    assert anonymous_tier(keyed) is None
    assert anonymous_grant(keyed, "203.0.113.5") is None
    both = keyed.model_copy(update={"anonymous": "free"})
    grant = anonymous_grant(both, "203.0.113.5")
    assert grant is not None
    assert (grant.user, grant.limits.symbols, grant.limits.connections) == ("address:203.0.113.5", 10, 0)


@pytest.mark.parametrize(
    ("address", "user"),
    [("2001:db8:1:2:3::4", "address:2001:db8:1:2::/64"), ("127.0.0.1", "address:127.0.0.1"), ("::ffff:203.0.113.5", "address:203.0.113.5")],
)
def test_anonymous_limits_are_those_of_the_whole_site(address: str, user: str) -> None:
    grant = anonymous_grant(AccessSettings(anonymous="free"), address)
    assert grant is not None
    assert grant.user == user


def test_keys_and_networks_are_checked_when_settings_are_read() -> None:
    from runtime.errors import UserError

    for access, said in (
        ({"hs256_secret": "short"}, "32 characters"),
        ({"jwks_url": "http://issuer.example/keys"}, "https"),
        ({"jwks_url": "issuer"}, "https"),
        ({"trusted_proxies": ["10.0.0.1/8"]}, "10.0.0.0/8"),
        ({"rs256_key": "/no/such/file.pem"}, "not there"),
    ):
        with pytest.raises(UserError, match=said):
            load_settings(gateway={"access": access})
    assert load_settings(gateway={"access": {"jwks_url": "http://127.0.0.1:8080/keys"}}).gateway.access.jwks_url
