"""What one connection may want, and that a pace costs nothing while it waits."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.groups import Group
from gateway.pace import Pacer
from gateway.protocol import BadMessage, Filters, Subscribe
from gateway.selector import Selector
from gateway.series import Channel, SeriesKey
from gateway.subscription_limits import refuse_too_many
from gateway.variant import Variant
from runtime.clock import ManualClock
from runtime.settings import GatewaySettings

SETTINGS = GatewaySettings(max_subscriptions=10, max_variants=3)


def select(symbol: Any, volume: int | None = None, **more: Any) -> Selector:
    filters = None if volume is None else Filters(min_volume=volume)  # type: ignore[arg-type]
    return Selector.of(Subscribe(channel=Channel.TICKS, symbol=symbol, filters=filters, **more))


def code(selector: Selector, others: list[Selector]) -> str:
    try:
        refuse_too_many(selector, others, SETTINGS)
    except BadMessage as bad:
        return bad.code
    return ""


def test_one_series_in_few_ways_and_many_series() -> None:
    others = [select("A", 1), select("A", 2), select(["A", "B"], 3)]
    assert code(select("A", 4), others) == "too_many_variants"
    assert code(select("*", max_per_s=2.0), others) == "too_many_variants"
    assert code(select("A", 4, source="binance"), others) == ""  # another series: that source by itself
    assert code(select("B", 4), others) == code(select("C", 4), others) == code(select("A", 3), others) == ""
    assert code(select(list("CDEFGHI")), others) == "too_many_subscriptions"


SELECTORS = st.builds(
    select,
    st.sampled_from(["A", "B", ["A", "B"], "*"]),
    st.integers(1, 5),
    source=st.sampled_from([None, "*", "binance", ["binance", "x"]]),
)


@given(st.lists(SELECTORS, max_size=12))
def test_no_series_ever_has_more(asked: list[Selector]) -> None:
    held: list[Selector] = []
    for selector in asked:
        if not code(selector, held):
            held.append(selector)
    for symbol in "ABC":
        for source in ("", "binance", "x"):
            key = SeriesKey(Channel.TICKS, symbol, source, "")
            assert len({each.variant for each in held if each.matches(key)}) <= SETTINGS.max_variants


@pytest.mark.parametrize("count", [1, 7])
def test_groups_come_when_their_time_has_come_and_not_after_they_were_forgotten(count: int) -> None:
    clock = ManualClock()
    pacer, groups = Pacer(clock), [paced(1 / number) for number in range(1, count + 2)]  # every 1, 2, 3 ... seconds
    event: Any = object()
    for group in groups:
        assert pacer.hold(group, event, event)
        pacer.let_go(group)
        assert not pacer.hold(group, event, event)
        assert not pacer.hold(group, event, event)
    pacer.forget(groups[0])
    assert (pacer.next_s, pacer.due()) == (2, [])
    clock.advance_s(count)
    assert pacer.due() == groups[1:count]
    assert pacer.next_s == count + 1
    assert not pacer.hold(groups[count], event, event)
    clock.advance_s(1)
    assert pacer.hold(groups[count], event, event)
    assert (pacer.next_s, pacer.due()) == (None, [])


def paced(per_s: float) -> Group:
    return Group(SeriesKey(Channel.TICKS, "A", "", ""), Variant(max_per_s=per_s), "e", None)
