"""Records to receivers through feed and hub: chains, wildcards, snapshots, repeats, what nobody wants, what cannot be read."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.feed import STAGE
from gateway.protocol import Filters
from gateway.series import Channel
from gateway.views import Listing, Subscription, listing
from runtime import metrics
from schemas import headers
from schemas.codec import encode
from schemas.identity import Identity
from schemas.ticks import Watermark
from schemas.topics import Topic
from tests.gateway_events import alert, bar, gap, indicators, order_book, quality, quote, signal, trade
from tests.gateway_hub import Box, World


@pytest.fixture
def world() -> World:
    return World()


def dropped(reason: str) -> float:
    return metrics.DROPPED.labels(STAGE, reason)._value.get()  # type: ignore[no-any-return]


def test_updates_follow_the_snapshot_without_a_hole(world: World) -> None:
    world.feed.handle([world.ticks(trade(1), quote(2))])
    box, [snapshot] = world.subscribe(Channel.TICKS)
    assert [item["source_seq"] for item in snapshot["items"]] == [1, 2]
    world.feed.handle([world.ticks(trade(3), trade(4)), world.ticks(quote(5))])
    chain = [snapshot["seq"]] + [message["seq"] for message in box.messages]
    assert [message["prev"] for message in box.messages] == chain[:-1]
    assert [message["source_seq"] for message in box.messages] == [3, 4, 5]
    assert box.writes == 1


def test_series_that_is_not_there_yet_has_an_empty_snapshot(world: World) -> None:
    box, [snapshot] = world.subscribe(Channel.OHLCV)
    assert (snapshot["items"], snapshot["seq"]) == ([], None)
    world.feed.handle([world.bar(bar(0))])
    assert [message["prev"] for message in box.messages] == [None]


def test_each_channel_gets_its_own_topic(world: World) -> None:
    boxes = {channel: world.subscribe(channel)[0] for channel in Channel}
    world.feed.handle(
        [
            world.ticks(trade(1)),
            world.bar(bar(0)),
            world.record(Topic.INDICATORS, encode(indicators(0))),
            world.record(Topic.SIGNALS, encode(signal(0))),
            world.record(Topic.BARS_FORMING, encode(bar(1, kind="forming"))),
            world.record(Topic.BOOKS, encode(order_book(0))),
            world.record(Topic.ALERTS, encode(alert(0))),
            world.record(Topic.QUALITY, encode(quality(0))),
            world.record(Topic.GAPS, encode(gap(0))),
        ]
    )
    assert {channel: [message["channel"] for message in box.messages] for channel, box in boxes.items()} == {c: [c] for c in Channel}


def test_wildcard_takes_symbols_that_come_later(world: World) -> None:
    world.feed.handle([world.bar(bar(0))])
    box, snapshots = world.subscribe(Channel.OHLCV, "*")
    assert [snapshot["symbol"] for snapshot in snapshots] == ["BTC-USDT"]
    world.feed.handle([world.bar(bar(0, "SOL-USDT")), world.bar(bar(1))])
    assert sorted((message["symbol"], message["prev"]) for message in box.messages) == [("BTC-USDT", "0.0"), ("SOL-USDT", None)]


def test_source_filter_and_the_primary(world: World) -> None:
    primary, kraken, every = (world.subscribe(Channel.TICKS, source=source)[0] for source in (None, "kraken", "*"))
    world.feed.handle([world.ticks(trade(1)), world.ticks(trade(2, primary=False), source="kraken")])
    assert [m["source_seq"] for m in primary.messages] == [1]
    assert [m["source_seq"] for m in kraken.messages] == [2]
    assert [m["source_seq"] for m in every.messages] == [1, 2]


def test_two_encodings_of_one_message(world: World) -> None:
    plain, strings = world.subscribe(Channel.OHLCV)[0], world.subscribe(Channel.OHLCV, numbers="string")[0]
    world.feed.handle([world.bar(bar(0))])
    assert (plain.messages[0]["close"], strings.messages[0]["close"]) == (61717.63, "61717.63")


def test_timeframe_and_indicator_filters(world: World) -> None:
    five = world.subscribe(Channel.OHLCV, timeframe="5m")[0]
    rsi = world.subscribe(Channel.INDICATORS, indicator="rsi")[0]
    world.feed.handle([world.bar(bar(0)), world.bar(bar(0, timeframe="5m")), world.record(Topic.INDICATORS, encode(indicators(0)))])
    assert [message["timeframe"] for message in five.messages] == ["5m"]
    assert [list(message["indicators"]) for message in rsi.messages] == [["rsi_14"]]


def test_volume_kind_and_quality_filters_keep_a_chain_of_their_own(world: World) -> None:
    world.feed.handle([world.ticks(trade(1, size="5"))])
    large, [snapshot] = world.subscribe(Channel.TICKS, filters=Filters(min_volume=Decimal("2")))
    good = world.subscribe(Channel.TICKS, filters=Filters(quality_threshold=0.8))[0]
    quotes = world.subscribe(Channel.TICKS, filters=Filters(kind="quote"))[0]
    world.feed.handle(
        [world.ticks(trade(2, size="1"), trade(3, size="2"), quote(4, quality=0.5), trade(5, size="7", quality=0.9), quote(6))]
    )
    assert [m["source_seq"] for m in large.messages] == [3, 5]
    assert [m["prev"] for m in large.messages] == [snapshot["seq"], large.messages[0]["seq"]]
    assert [m["source_seq"] for m in good.messages] == [2, 3, 5, 6]
    assert [m["source_seq"] for m in quotes.messages] == [4, 6]
    late, [snapshot] = world.subscribe(Channel.TICKS, filters=Filters(min_volume=Decimal("2")))
    assert [item["source_seq"] for item in snapshot["items"]] == [5]
    world.feed.handle([world.ticks(trade(7, size="3"))])
    assert [m["prev"] for m in late.messages] == [snapshot["seq"]] == [large.messages[1]["seq"]]


def test_pace_thins_to_the_newest_of_each_kind(world: World) -> None:
    box, [snapshot] = world.subscribe(Channel.TICKS, max_per_s=10.0)
    for number in range(1, 9, 2):
        world.feed.handle([world.ticks(trade(number), quote(number + 1))])
    assert [m["source_seq"] for m in box.messages] == [1]
    world.clock.advance_s(0.11)
    world.feed.flush()
    assert [m["source_seq"] for m in box.messages] == [1, 7, 8]
    assert [m["prev"] for m in box.messages] == [snapshot["seq"], *[m["seq"] for m in box.messages]][:3]
    world.clock.advance_s(1)
    world.feed.flush()
    assert len(box.messages) == 3
    assert world.hub.pacer.next_s is None


def test_alerts_of_all_symbols_and_gaps_in_their_last_state(world: World) -> None:
    world.feed.handle([world.record(Topic.ALERTS, encode(alert(n, symbol))) for n, symbol in enumerate(["A", "B", "A"])])
    _, snapshots = world.subscribe(Channel.ALERTS, None)
    assert {s["symbol"]: [item["alert_id"] for item in s["items"]] for s in snapshots} == {"A": ["a0", "a2"], "B": ["a1"]}
    states = [gap(1), gap(9), gap(1, state="filled", filled=4)]
    world.feed.handle([world.record(Topic.GAPS, encode(each)) for each in states])
    _, [found] = world.subscribe(Channel.GAPS)
    assert [(item["from_id"], item["state"]) for item in found["items"]] == [(9, "open"), (1, "filled")]


def test_book_is_put_together_from_snapshot_and_changes(world: World) -> None:
    update: Any = {"kind": "update", "bids": [("61651.90", "0"), ("61651.80", "7")], "asks": []}
    world.feed.handle([world.record(Topic.BOOKS, encode(each)) for each in (order_book(1), order_book(2, **update))])
    box, [snapshot] = world.subscribe(Channel.ORDERBOOK, numbers="string")
    assert [(item["bids"], item["update_id"], item["is_valid"]) for item in snapshot["items"]] == [([["61651.80", "7"]], 2, True)]
    later: Any = {"kind": "update", "bids": [], "asks": [("61652.00", "9")]}
    world.feed.handle([world.record(Topic.BOOKS, encode(each)) for each in (order_book(3, **later), order_book(5, **later), order_book(6))])
    assert [(m["asks"], m["is_valid"], m["reason"]) for m in box.messages] == [
        ([["61652.00", "9"], ["61652.10", "3"]], True, ""),
        ([], False, "an event is missing"),
        ([["61652.00", "0.25"], ["61652.10", "3"]], True, ""),
    ]
    assert [m["prev"] for m in box.messages] == [snapshot["seq"], *[m["seq"] for m in box.messages]][:3]


def test_book_that_nobody_wants_is_not_read(world: World) -> None:
    broken = b'{"symbol":"BTC-USDT","source":"binance","kind":"update","bids":5}'
    before = dropped("invalid_schema")
    world.feed.handle([world.record(Topic.BOOKS, encode(order_book(1))), world.record(Topic.BOOKS, broken)])
    assert dropped("invalid_schema") == before
    _, [snapshot] = world.subscribe(Channel.ORDERBOOK)
    assert [item["update_id"] for item in snapshot["items"]] == [1]
    assert dropped("invalid_schema") == before + 1


def test_window_holds_messages_back_and_a_newcomer_gets_each_once(world: World) -> None:
    first, _ = world.subscribe(Channel.TICKS)
    world.feed.publish([world.ticks(trade(1)), world.ticks(trade(2))])
    second, [snapshot] = world.subscribe(Channel.TICKS)
    world.feed.publish([world.ticks(trade(3))])
    world.feed.flush()
    assert [m["source_seq"] for m in first.messages] == [1, 2, 3]
    assert [item["source_seq"] for item in snapshot["items"]] == [2]
    assert [(m["source_seq"], m["prev"]) for m in second.messages] == [(3, snapshot["seq"])]


def test_nothing_comes_after_unsubscribing(world: World) -> None:
    box, _ = world.subscribe(Channel.TICKS)
    world.hub.remove(world.last)
    world.feed.handle([world.ticks(trade(1))])
    assert box.messages == []
    assert not world.hub.wants_ticks(["BTC-USDT"])


def test_repeated_record_is_dropped_once_and_counted(world: World) -> None:
    box, _ = world.subscribe(Channel.TICKS)
    identity = Identity("validate", "market.ticks.raw", 0, 7, 0).encode()
    before = dropped("repeated_identity")
    world.feed.handle([world.ticks(trade(1), id=identity), world.ticks(trade(1), id=identity)])
    assert [message["source_seq"] for message in box.messages] == [1]
    assert dropped("repeated_identity") == before + 1


def test_record_that_nobody_wants_is_not_decoded_but_gives_the_last_price(world: World) -> None:
    world.feed.handle([world.ticks(trade(1), quote(2)), world.ticks(quote(3)), world.ticks(trade(1, "ETH-USDT"))])
    box, [snapshot] = world.subscribe(Channel.TICKS)
    assert [item["source_seq"] for item in snapshot["items"]] == [1, 3]
    world.feed.handle([world.ticks(quote(4))])
    assert [message["prev"] for message in box.messages] == [snapshot["seq"]] == ["1.0"]


def test_last_price_is_not_set_back_by_what_was_unread(world: World) -> None:
    world.feed.handle([world.ticks(trade(1), trade(1, "ETH-USDT"))])
    world.subscribe(Channel.TICKS, "ETH-USDT")
    world.feed.handle([world.ticks(trade(2), trade(2, "ETH-USDT"))])
    _, [snapshot] = world.subscribe(Channel.TICKS)
    assert [item["source_seq"] for item in snapshot["items"]] == [2]


def test_watermarks_are_not_for_clients(world: World) -> None:
    box, _ = world.subscribe(Channel.TICKS, "*")
    world.feed.handle([world.record(Topic.TICKS, encode(Watermark("binance", 0, 1, 1, 1)), type=b"watermark")])
    world.feed.handle([world.record(Topic.TICKS, encode(Watermark("binance", 0, 1, 1, 1)))])
    assert box.messages == []


@pytest.mark.parametrize(("value", "reason"), [(b"{", "undecodable"), (b'{"symbol":1}', "invalid_schema"), (b"", "undecodable")])
def test_unusable_record_is_counted_and_the_next_one_goes_on(world: World, value: bytes, reason: str) -> None:
    box, _ = world.subscribe(Channel.OHLCV)
    before = dropped(reason)
    world.feed.handle([world.record(Topic.BARS, value), world.bar(bar(0))])
    assert dropped(reason) == before + 1
    assert len(box.messages) == 1


BROKEN = (b'{"symbol":"\xff"}', b'{"a":' + b"[" * 100_000)


@pytest.mark.parametrize("value", BROKEN, ids=["utf-8", "nesting"])
def test_broken_text_and_nesting_without_end_are_counted(world: World, value: bytes) -> None:
    box, _ = world.subscribe(Channel.OHLCV)
    before = dropped("undecodable")
    world.feed.handle([world.record(Topic.BARS, value), world.bar(bar(0))])
    assert dropped("undecodable") == before + 1
    assert len(box.messages) == 1


def test_broken_identity_is_counted_and_the_record_not_used(world: World) -> None:
    box, _ = world.subscribe(Channel.OHLCV)
    before = dropped("undecodable")
    world.feed.handle([world.bar(bar(0), id=b"garbage \xff"), world.bar(bar(1), id=b"a|b|c|d|e"), world.bar(bar(2))])
    assert dropped("undecodable") == before + 2
    assert [message["prev"] for message in box.messages] == [None]


@pytest.mark.parametrize("value", [b"", b"\xff", b"-" + b"9" * 400, b"9" * 5000], ids=["null", "text", "negative", "long"])
def test_other_headers_never_cost_a_record(world: World, value: bytes) -> None:
    ticks, _ = world.subscribe(Channel.TICKS)
    bars, _ = world.subscribe(Channel.OHLCV)
    odd = {headers.TRACE: value, headers.RECEIVED: value, headers.TYPE: value}
    envelope = world.ticks(trade(1)).value
    world.feed.handle([world.record(Topic.BARS, encode(bar(0)), **odd), world.record(Topic.TICKS, envelope, symbols=value, **odd)])
    assert len(bars.messages) == 1
    assert len(ticks.messages) == (1 if value == b"" else 0)  # `symbols` says that nobody here wants it


def test_unread_record_with_a_broken_trace_is_still_a_last_price(world: World) -> None:
    world.feed.handle([world.ticks(trade(1), **{headers.TRACE: b"\xff"})])
    _, [snapshot] = world.subscribe(Channel.TICKS)
    assert [item["source_seq"] for item in snapshot["items"]] == [1]


def test_list_names_what_was_seen(world: World) -> None:
    world.feed.handle([world.bar(bar(0)), world.bar(bar(0, timeframe="5m"))])
    world.subscribe(Channel.OHLCV, "NO-SUCH")
    assert listing(world.hub.views()) == [{"symbol": "BTC-USDT", "source": "binance", "channels": ["ohlcv"], "timeframes": ["1m", "5m"]}]


def test_list_is_made_once_a_second_whoever_asks(world: World) -> None:
    made = Listing(world.hub.views, world.clock)
    world.feed.handle([world.bar(bar(0))])
    first = made.made()
    world.feed.handle([world.bar(bar(0, "ETH-USDT"))])
    assert made.made() is first
    world.clock.advance_s(1)
    assert [entry["symbol"] for entry in made.made()] == ["BTC-USDT", "ETH-USDT"]


@given(st.lists(st.tuples(st.sampled_from(["tick", "subscribe", "leave"]), st.sampled_from(["A", "B", "C", "*"])), max_size=40))
def test_any_receiver_sees_every_tick_of_its_symbols_from_its_snapshot_on(steps: list[tuple[str, str]]) -> None:
    world, numbers = World(), {"A": 0, "B": 0, "C": 0}
    live: list[tuple[Subscription, Box, dict[str, Any], dict[str, int]]] = []
    for step, symbol in steps:
        if step == "tick" and symbol != "*":
            numbers[symbol] += 1
            world.feed.handle([world.ticks(trade(numbers[symbol], symbol))])
        elif step == "subscribe":
            box, snapshots = world.subscribe(Channel.TICKS, symbol)
            live.append((world.last, box, {s["symbol"]: s for s in snapshots}, dict(numbers)))
        elif step == "leave" and live:
            world.hub.remove(live.pop(0)[0])
    for subscription, box, snapshots, before in live:
        for symbol, number in numbers.items():
            mine = [message for message in box.messages if message["symbol"] == symbol]
            wanted = subscription.selector.any_symbol or symbol in subscription.selector.symbols
            assert [message["source_seq"] for message in mine] == (list(range(before[symbol] + 1, number + 1)) if wanted else [])
            chain = [snapshots[symbol]["seq"] if symbol in snapshots else None, *(message["seq"] for message in mine)]
            assert [message["prev"] for message in mine] == chain[:-1]
