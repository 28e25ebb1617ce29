"""Records to receivers through feed and hub: chains, wildcards, snapshots, repeats, what nobody wants."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.series import Channel, SeriesKey
from gateway.views import Listing, Subscription, listing
from schemas.codec import encode
from schemas.identity import Identity
from schemas.ticks import Watermark
from schemas.topics import Topic
from tests.gateway_events import alert, bar, gap, indicators, order_book, quality, quote, signal, trade
from tests.gateway_hub import Box, World, dropped


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


def test_two_encodings_of_one_message(world: World) -> None:
    plain, strings = world.subscribe(Channel.OHLCV)[0], world.subscribe(Channel.OHLCV, numbers="string")[0]
    world.feed.handle([world.bar(bar(0))])
    assert (plain.messages[0]["close"], strings.messages[0]["close"]) == (61717.63, "61717.63")


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
    assert not world.hub.wanted_of(["BTC-USDT"])


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


STEPS = st.tuples(st.sampled_from(["tick", "subscribe", "leave"]), st.lists(st.sampled_from("ABC*"), min_size=1, max_size=3, unique=True))


@given(st.lists(STEPS, max_size=40))
def test_any_receiver_sees_every_tick_of_its_symbols_from_its_snapshot_on(steps: list[tuple[str, list[str]]]) -> None:
    world, numbers = World(), {"A": 0, "B": 0, "C": 0}
    live: list[tuple[Subscription, Box, dict[str, Any], dict[str, int]]] = []
    for step, symbols in steps:
        traded = [symbol for symbol in symbols if symbol != "*"]
        if step == "tick" and traded:
            numbers.update({symbol: numbers[symbol] + 1 for symbol in traded})
            world.feed.handle([world.ticks(*(trade(numbers[symbol], symbol) for symbol in traded))])
        elif step == "subscribe":
            box, snapshots = world.subscribe(Channel.TICKS, symbols[0])
            live.append((world.last, box, {s["symbol"]: s for s in snapshots}, dict(numbers)))
            assert {s["symbol"]: s["items"][-1]["source_seq"] for s in snapshots if s["items"]} == _newest(numbers, symbols[0])
        elif step == "leave" and live:
            world.hub.remove(live.pop(0)[0])
    for subscription, box, snapshots, before in live:
        for symbol, number in numbers.items():
            mine = [message for message in box.messages if message["symbol"] == symbol]
            wanted = subscription.selector.any_symbol or symbol in subscription.selector.symbols
            assert [message["source_seq"] for message in mine] == (list(range(before[symbol] + 1, number + 1)) if wanted else [])
            chain = [snapshots[symbol]["seq"] if symbol in snapshots else None, *(message["seq"] for message in mine)]
            assert [message["prev"] for message in mine] == chain[:-1]


def _newest(numbers: dict[str, int], selected: str) -> dict[str, int]:
    return {symbol: number for symbol, number in numbers.items() if number and selected in ("*", symbol)}


def test_of_a_record_only_the_symbols_that_somebody_wants_are_published(world: World) -> None:
    box, _ = world.subscribe(Channel.TICKS, "ETH-USDT")
    world.feed.handle([world.ticks(trade(1), trade(1, "ETH-USDT"), quote(2)), world.ticks(trade(3), trade(2, "ETH-USDT"))])
    assert [message["source_seq"] for message in box.messages] == [1, 2]
    assert world.hub.seen(SeriesKey(Channel.TICKS, "BTC-USDT", "binance", "")) is None
    _, [snapshot] = world.subscribe(Channel.TICKS)
    assert [item["source_seq"] for item in snapshot["items"]] == [3]
    world.feed.handle([world.ticks(trade(3, "ETH-USDT"))])
    assert [(message["source_seq"], message["prev"]) for message in box.messages] == [(1, None), (2, "0.1"), (3, "1.1")]
