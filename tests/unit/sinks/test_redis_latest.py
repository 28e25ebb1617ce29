"""The newest of every key within a batch."""

import json

from hypothesis import given
from hypothesis import strategies as st

from cache.guard import order_of
from schemas.codec import encode
from schemas.ticks import Quote, Trade
from schemas.topics import Topic
from sinks.redis.latest import Latest
from tests.sink_events import T0_NS, bar, envelope, quote, ticks, trade, watermark


def body(write: object) -> dict[str, object]:
    return dict(json.loads(b"{" + write.body + b"}"))  # type: ignore[attr-defined]


def test_a_batch_comes_to_one_write_a_key_and_part() -> None:
    latest = Latest(60)
    latest.take(Topic.TICKS, encode(envelope(ticks(1, 100))))
    latest.take(Topic.TICKS, encode(envelope([trade(101, symbol="ETH-USDT")])))
    writes = {(write.key, write.part): write for write in latest.writes()}
    assert sorted(writes) == [("quote:BTC-USDT", "quote"), ("quote:BTC-USDT", "trade"), ("quote:ETH-USDT", "trade")]
    assert body(writes["quote:BTC-USDT", "trade"])["trade_id"] == trade(100).trade_id
    assert body(writes["quote:BTC-USDT", "quote"])["ask"] == quote(99).ask
    assert latest.conflated == 98


@given(st.permutations(range(12)))
def test_the_order_of_arrival_does_not_matter(order: list[int]) -> None:
    latest = Latest(60)
    for minute in order:
        latest.take(Topic.BARS, encode(bar(minute // 2, revision=minute % 2)))
    [write] = latest.writes()
    assert (body(write)["revision"], body(write)["ts_open_ns"]) == (1, bar(5).ts_open_ns)


_TICKS = [
    *(
        make(seq, symbol=symbol, ts_event_ns=T0_NS + seq // 2)
        for make in (trade, quote)
        for symbol in ("BTC-USDT", "ETH-USDT")
        for seq in range(4)
    ),
]


@given(st.permutations(_TICKS), st.integers(1, 16))
def test_of_ticks_in_any_order_and_any_envelopes_the_newest_stays(order: list[Trade | Quote], size: int) -> None:
    """Times come twice: then the position in the series decides."""
    latest = Latest(60)
    for begin in range(0, len(order), size):
        latest.take(Topic.TICKS, encode(envelope(order[begin : begin + size])))
    seqs = {(write.key, write.part): body(write)[f"{write.part}_seq"] for write in latest.writes()}
    assert seqs == {(f"quote:{symbol}", part): 3 for symbol in ("BTC-USDT", "ETH-USDT") for part in ("trade", "quote")}
    assert latest.conflated == len(order) - len(seqs)


def test_of_two_ticks_in_one_place_of_the_series_the_later_one_stays() -> None:
    latest = Latest(60)
    latest.take(Topic.TICKS, encode(envelope([trade(1, price="1"), trade(1, price="2")])))
    assert [body(write)["price"] for write in latest.writes()] == ["2"]


def test_only_the_primary_source_is_kept() -> None:
    latest = Latest(60)
    latest.take(Topic.TICKS, encode(envelope([trade(1, primary=False)])))
    latest.take(Topic.BARS, encode(bar(0, primary=False)))
    latest.take(Topic.TICKS, encode(watermark()))
    assert latest.writes() == []


@given(st.tuples(st.integers(0, 2**63), st.integers(0, 2**63)), st.tuples(st.integers(0, 2**63), st.integers(0, 2**63)))
def test_orders_compare_as_text_like_numbers(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (order_of(*one) < order_of(*other)) == (one < other)
