"""The cache library on a real Redis: what one service writes others read, and never anything older than they had."""

import threading
from typing import Any

import pytest

from runtime.clock import ManualClock
from runtime.errors import TransientError, UserError
from schemas.topics import Topic
from tests.redis_world import BARS, OwnRedis, OwnSink, away, back, value
from tests.sink_events import T0_NS, bar, trade
from tests.support import eventually


def test_what_one_service_writes_another_reads(make_cache: Any, server: OwnRedis) -> None:
    one, other = make_cache(), make_cache()
    assert one.get("historical", "AAPL", "1y", "1d") is None
    assert one.set("historical", "AAPL", "1y", "1d", value=BARS, ts_event_ns=7)
    entry = other.get("historical", "AAPL", "1y", "1d")
    assert (entry.value, entry.ts_event_ns, entry.origin, entry.expired) == (BARS, 7, "redis", False)
    assert one.set_many("profile", {("AAPL",): [1], ("MSFT",): [2]}, lifetime_s=5) == [True, True]
    found = other.get_many("profile", ["AAPL", "none", ("MSFT",)])
    assert [one and one.value for one in found] == [[1], None, [2]]
    with server.raw() as raw:
        assert 3590 <= raw.ttl("historical:AAPL:1y:1d") <= 3600
        assert raw.ttl("profile:AAPL") <= 5
        assert len(raw.get("historical:AAPL:1y:1d")) < 400  # compressed


def test_data_of_an_earlier_time_never_replaces_later_data(make_cache: Any) -> None:
    one, other = make_cache(), make_cache()
    assert one.set("profile", "AAPL", value="new", ts_event_ns=20)
    assert not other.set("profile", "AAPL", value="old", ts_event_ns=19)
    assert not one.set("profile", "AAPL", value="old", ts_event_ns=19)
    assert value(one, "profile", "AAPL") == value(other, "profile", "AAPL") == "new"
    assert other.set("profile", "AAPL", value="corrected", ts_event_ns=20)
    assert value(one, "profile", "AAPL") == "corrected"


def test_the_last_events_are_replayed_once_and_in_order(make_cache: Any, server: OwnRedis, clock: ManualClock) -> None:
    cache, sink = make_cache(), OwnSink(server.url, streams=("trades", "bars"), stream_length=5)
    assert cache.replay("bars", "BTC-USDT") == []
    for minute in (1, 0, 2):
        sink.write(bar(minute), topic=Topic.BARS)
    messages = cache.replay("bars", "BTC-USDT")
    assert [(one.source, one.event["ts_open_ns"]) for one in messages] == [(bar().source, bar(minute).ts_open_ns) for minute in (1, 0, 2)]
    assert cache.replay("bars", "BTC-USDT", count=1) == messages[-1:]
    assert cache.replay("bars", "BTC-USDT", after=messages[0].id) == messages[1:]
    again = OwnSink(server.url, streams=("bars",), stream_length=5)
    for minute in (1, 0, 2, 3):  # the first three are repeated after a crash
        again.write(bar(minute), topic=Topic.BARS)
    assert [one.event["ts_open_ns"] for one in cache.replay("bars", "BTC-USDT", after=messages[-1].id)] == [bar(3).ts_open_ns]
    sink.write(*[trade(seq) for seq in range(1, 9)])
    sink.write(trade(9))
    assert [one.event["seq"] for one in cache.replay("trades", "BTC-USDT")] == [5, 6, 7, 8, 9]
    with server.raw() as raw:
        assert 86_000 < raw.ttl("stream:trades:BTC-USDT") <= 86_400
    renewed = OwnSink(server.url, streams=("bars",), epoch="made anew")
    renewed.write(bar(7), topic=Topic.BARS)
    assert cache.replay("bars", "BTC-USDT", count=1)[0].event["ts_open_ns"] == bar(7).ts_open_ns
    for words, expected in (
        (("news", "A"), "there is no stream"),
        (("bars", "A", "x"), "id of a message"),
        (("bars", "A", "", 0), "count 1 to"),
    ):
        with pytest.raises(UserError, match=expected):
            cache.replay(*words)
    away(server, clock)
    with pytest.raises(TransientError, match="away"):
        cache.replay("bars", "BTC-USDT")


def test_movers_are_worked_out_of_what_is_there(make_cache: Any, server: OwnRedis) -> None:
    cache, sink = make_cache(), OwnSink(server.url, movers_interval_s=60)
    midnight = {"timeframe": "1d", "ts_close_ns": T0_NS, "known_at_ns": T0_NS}
    for symbol, close in (("BTC-USDT", "60000"), ("ETH-USDT", "70000"), ("SOL-USDT", "60000")):
        sink.write(bar(-1440, symbol=symbol, close=close, **midnight), topic=Topic.BARS)
    sink.write(trade(1, price="63000"), trade(2, price="63000", symbol="ETH-USDT"), trade(3, symbol="XRP-USDT"))
    gainers, losers = cache.get_many("movers", ["gainers", "losers"])
    assert [(row["symbol"], row["change"]) for row in gainers.value] == [("BTC-USDT", "0.050000")]
    assert [(row["symbol"], row["change"]) for row in losers.value] == [("ETH-USDT", "-0.100000")]
    assert gainers.ts_event_ns == trade(2).ts_event_ns
    with pytest.raises(UserError, match="sink-redis"):
        cache.set("movers", "gainers", value=[])


def test_a_symbol_is_invalidated_for_all(make_cache: Any, server: OwnRedis, clock: ManualClock) -> None:
    one, other, sink = make_cache(), make_cache(), OwnSink(server.url)
    sink.write(trade(5))
    for symbol in ("BTC-USDT", "ETH-USDT"):
        one.set("profile", symbol, value=symbol, ts_event_ns=5)
        other.set("news", symbol, 10, value=symbol, ts_event_ns=5)
    assert value(other, "profile", "BTC-USDT") == "BTC-USDT"
    assert one.invalidate("BTC-USDT") == 3
    for cache in (one, other):
        assert [value(cache, "profile", "BTC-USDT"), value(cache, "news", "BTC-USDT", 10), value(cache, "quote", "BTC-USDT")] == [None] * 3
        assert value(cache, "profile", "ETH-USDT") == "ETH-USDT"
    assert one.invalidate("BTC-USDT") == 0
    away(server, clock)
    assert one.invalidate("ETH-USDT") == 0
    assert value(one, "profile", "ETH-USDT") is None
    clock.advance_s(1)
    one.set("profile", "ETH-USDT", value="fetched again", ts_event_ns=6)
    back(server, clock)
    assert value(one, "news", "ETH-USDT", 10) is None
    assert [value(other, "profile", "ETH-USDT"), value(other, "news", "ETH-USDT", 10)] == ["fetched again", None]
    sink.close()


def test_threads_that_miss_the_same_value_fetch_it_once(make_cache: Any) -> None:
    cache = make_cache()
    fetched: list[int] = []
    release = threading.Event()

    def load() -> str:
        fetched.append(1)
        assert release.wait(30)
        return "fetched"

    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(cache.get_or_load("profile", "AAPL", load=load).value)) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: fetched)
    release.set()
    for thread in threads:
        thread.join(30)
    assert (found, len(fetched)) == (["fetched"] * 4, 1)
