"""One connection's rights, and that all it claimed is given back however it ends."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from gateway.access.claims import LocalClaims
from gateway.access.control import AccessControl
from gateway.access.grants import RefusedToken
from gateway.access.member import Member
from gateway.protocol import BadMessage, Subscribe
from gateway.selector import Selector
from gateway.series import Channel
from runtime.clock import SystemClock
from runtime.settings.access import AccessSettings
from tests.access_support import SECRET, token


def control(**settings: Any) -> tuple[AccessControl, LocalClaims]:
    access = AccessControl(AccessSettings(**{"hs256_secret": SECRET, **settings}), SystemClock())
    assert isinstance(access.limits.claims, LocalClaims)
    return access, access.limits.claims


def select(symbol: Any, channel: Channel = Channel.TICKS) -> Selector:
    return Selector.of(Subscribe(channel=channel, symbol=symbol))


async def entered(access: AccessControl, text: str | None, number: int = 1) -> Member:
    member = Member(access, f"c{number}", "203.0.113.5")
    await member.enter(text)
    return member


async def test_anonymous_and_then_somebody() -> None:
    access, claims = control(anonymous="free")
    member = await entered(access, None)
    await member.admit(select(["A", "B"]))
    await member.authenticate(token("ann", tier="premium"))
    assert claims.held("connections", "address:203.0.113.5") == set()
    assert claims.held("connections", "user:ann") == {"c1"}
    member.leave(select(["A", "B"]))  # as the session does, to admit it anew
    await member.admit(select(["A", "B"]))
    assert claims.held("symbols", "user:ann") == {"A", "B"}
    member.close()
    member.close()
    assert claims.owners() == []


async def test_nobody_is_anonymous_once_there_is_a_key() -> None:
    access, claims = control()
    member = await entered(access, None)
    with pytest.raises(BadMessage, match="send a token first"):
        await member.admit(select("A"))
    member.close()
    assert claims.owners() == []


async def test_socket_that_is_gone_before_its_claim_is_granted_gives_it_back() -> None:
    access, claims = control()
    member = Member(access, "c1", "203.0.113.5")
    member.close()
    await member.count_address()
    await member.enter(token())
    assert claims.owners() != []
    member.close()
    assert claims.owners() == []


class SlowClaims(LocalClaims):
    """Answers when it is told to, as a store does that is far away."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()

    async def claim(self, kind: str, owner: str, names: Iterable[str], limit: int) -> bool:
        await self.may_answer.wait()
        return self.claim_now(kind, owner, names, limit)


@pytest.mark.parametrize("anonymous", ["free", "none"])
async def test_who_leaves_while_it_authenticates_gives_everything_back(anonymous: str) -> None:
    claims = SlowClaims()
    access, _ = control(anonymous=anonymous)
    access.limits.claims = claims
    member = await leaving(access, claims)
    assert (claims.owners(), member.grant, member.pace) == ([], None, None)
    assert set(access.limits.paces._borrowed.values()) == {0}


async def leaving(access: AccessControl, claims: SlowClaims) -> Member:
    claims.may_answer.set()
    member = await entered(access, None)
    claims.may_answer.clear()
    authenticating = asyncio.create_task(member.authenticate(token("ann", tier="free")))
    await asyncio.sleep(0.01)
    member.close()
    claims.may_answer.set()
    await authenticating
    return member


async def test_refused_subscription_holds_nothing() -> None:
    access, claims = control()
    member = await entered(access, token("ann", tier="free", scope="ticks"))
    for selector, code in (
        (select("A", Channel.OHLCV), "forbidden"),
        (select("*"), "tier_limit"),
        (select(list("ABCDEFGHIJK")), "tier_limit"),
    ):
        with pytest.raises(BadMessage) as refused:
            await member.admit(selector)
        assert refused.value.code == code
        member.leave(selector)
    assert claims.held("symbols", "user:ann") == set()
    member.close()


async def test_too_many_connections_of_a_user() -> None:
    access, claims = control()
    first = await entered(access, token("ann", connections=1))
    with pytest.raises(RefusedToken, match="1 connections at a time"):
        await entered(access, token("ann", connections=1), 2)
    assert claims.held("connections", "user:ann") == {"c1"}
    first.close()
    (await entered(access, token("ann", connections=1), 2)).close()


async def test_new_token_or_connection_does_not_fill_the_bucket_again() -> None:
    access, _ = control()
    member = await entered(access, token("ann", tier="free"))
    assert member.pace is not None
    member.pace.charge(500)
    await member.authenticate(token("ann", tier="free"))
    assert member.pace is not None
    assert member.pace.wait_s() > 3
    member.close()
    again = await entered(access, token("ann", tier="free"), 2)
    assert again.pace is not None
    assert again.pace.wait_s() > 3
    again.close()


async def test_buckets_of_those_who_left_are_forgotten() -> None:
    access, _ = control()
    for number in range(2500):
        (await entered(access, token(f"user{number}", tier="free"), number)).close()
    assert len(access.limits.paces) <= 1001
