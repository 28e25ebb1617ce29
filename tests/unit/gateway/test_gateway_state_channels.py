"""Channels whose snapshot is a state that was put together: order books, alerts of all symbols, gaps."""

from typing import Any

from gateway.series import Channel
from schemas.codec import encode
from schemas.topics import Topic
from tests.gateway_events import alert, gap, order_book
from tests.gateway_hub import World, dropped


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
