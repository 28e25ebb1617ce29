"""A user's ways of wanting a series, over all connections."""

from typing import Any

import pytest

from gateway.access.control import AccessControl
from gateway.access.member import Member
from gateway.access.ways import Ways
from gateway.protocol import BadMessage, Subscribe
from gateway.selector import Selector
from gateway.series import Channel
from runtime.clock import SystemClock
from runtime.settings.access import AccessSettings
from tests.access_support import SECRET, token


def control(**settings: Any) -> AccessControl:
    return AccessControl(AccessSettings(**{"hs256_secret": SECRET, **settings}), SystemClock())


def select(symbol: Any, pace: float | None = None, channel: Channel = Channel.TICKS) -> Selector:
    return Selector.of(Subscribe(channel=channel, symbol=symbol, max_per_s=pace))


def test_ways_are_counted_by_user_and_series() -> None:
    ways = Ways()
    for pace in (1.0, 2.0):
        ways.take("ann", select("A", pace), 2)
        ways.take("ann", select("A", pace), 2)  # the same way, of another connection
    with pytest.raises(BadMessage, match="in 2 ways") as refused:
        ways.take("ann", select(["B", "A"], 3.0), 2)
    assert (refused.value.code, refused.value.field) == ("too_many_variants", "filters")
    ways.take("ann", select("B", 3.0), 2)
    ways.take("bob", select("A", 3.0), 2)
    ways.leave("ann", select("A", 1.0))
    with pytest.raises(BadMessage):
        ways.take("ann", select("A", 3.0), 2)  # one connection still has it
    ways.leave("ann", select("A", 1.0))
    ways.take("ann", select("A", 3.0), 2)


def test_a_wildcard_is_a_way_of_every_symbol_of_its_channel() -> None:
    ways = Ways()
    ways.take("ann", select("*", 1.0), 1)
    with pytest.raises(BadMessage):
        ways.take("ann", select("A", 2.0), 1)
    ways.take("ann", select("A", 1.0), 1)
    ways.take("ann", select("A", channel=Channel.OHLCV), 1)
    for selector in (select("*", 1.0), select("A", 1.0), select("A", channel=Channel.OHLCV)):
        ways.leave("ann", selector)
    assert len(ways) == 0


def test_a_wildcard_that_comes_last_counts_with_the_ways_of_each_symbol() -> None:
    ways = Ways()
    ways.take("ann", select(["A", "B"], 1.0), 2)
    ways.take("ann", select("B", 2.0), 2)
    with pytest.raises(BadMessage):
        ways.take("ann", select("*", 3.0), 2)
    ways.leave("ann", select("B", 2.0))
    ways.take("ann", select("*", 3.0), 2)
    ways.take("bob", select("*", 4.0), 1)


async def test_a_user_is_one_however_many_connections_it_has() -> None:
    access = control(variants_per_user=3)
    members = [Member(access, f"c{number}", "203.0.113.5") for number in range(4)]
    for member in members:
        await member.enter(token("ann"))
    for number, member in enumerate(members[:3], 1):
        await member.admit(select("A", float(number)))
    with pytest.raises(BadMessage, match="in all connections together"):
        await members[3].admit(select("A", 9.0))
    members[0].close()
    await members[3].admit(select("A", 9.0))
    for member in members:
        member.close()
    assert len(access.limits.ways) == 0


async def test_anonymous_clients_of_this_machine_are_not_one_user() -> None:
    access = control(hs256_secret=None, anonymous="enterprise", variants_per_user=1)
    for address, is_counted in (("127.0.0.1", False), ("203.0.113.5", True)):
        member = Member(access, address, address)
        await member.enter(None)
        await member.admit(select("A", 1.0))
        if is_counted:
            with pytest.raises(BadMessage):
                await member.admit(select("A", 2.0))
        else:
            await member.admit(select("A", 2.0))
        member.close()
