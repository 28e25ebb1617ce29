"""The cache library on a Redis that is killed, started again, and comes back without what it held."""

import threading
from typing import Any

import pytest

from cache import Cache
from runtime import metrics
from runtime.clock import ManualClock
from runtime.settings import load_settings
from schemas.topics import Topic
from sinks.store import StoreDown
from tests.redis_world import BARS, OwnRedis, OwnSink, away, back, value
from tests.sink_events import bar, quote, trade
from tests.support import eventually


def test_reads_go_on_from_memory_and_say_so(make_cache: Any, server: OwnRedis, clock: ManualClock) -> None:
    cache, sink = make_cache(away_s=300.0), OwnSink(server.url)
    sink.write(trade(5), quote(6))
    cache.set("news", "BTC-USDT", 10, value=["article"])
    assert value(cache, "quote", "BTC-USDT")["price"] == trade(5).price
    away(server, clock)
    entry = cache.get("quote", "BTC-USDT")
    assert (entry.value["price"], entry.value["bid"], entry.origin, entry.expired) == (trade(5).price, quote(6).bid, "memory", False)
    assert cache.get("quote", "ETH-USDT") is None
    clock.advance_s(60)
    assert cache.get("quote", "BTC-USDT").expired
    assert not cache.get("news", "BTC-USDT", 10).expired
    clock.advance_s(300)
    assert cache.get("quote", "BTC-USDT") is None
    statistics = cache.statistics()
    assert (statistics.reads, statistics.hits, statistics.from_memory, statistics.redis_up) == (6, 4, 3, False)
    assert statistics.hit_rate == pytest.approx(4 / 6)
    assert statistics.entries == 2
    sink.close()


def test_while_it_is_away_it_is_asked_seldom(make_cache: Any, server: OwnRedis, clock: ManualClock) -> None:
    cache = make_cache(retry_s=1.0)
    cache.set("indices", value=1)
    server.kill()
    assert value(cache, "indices") == 1
    server.start()
    assert cache.get("indices").origin == "memory"  # not asked again yet
    clock.advance_s(1.1)
    assert cache.get("indices").origin == "redis"


def test_what_was_written_meanwhile_is_there_when_redis_is_back(make_cache: Any, server: OwnRedis, clock: ManualClock) -> None:
    one, other = make_cache(), make_cache()
    for at_ns, text in ((1, "a"), (3, "c")):
        one.set("sentiment", value=text, ts_event_ns=at_ns)
    away(server, clock)
    assert one.set("profile", "AAPL", value="written meanwhile", ts_event_ns=50)
    assert one.set("sentiment", value="d", ts_event_ns=4)
    assert not one.set("sentiment", value="b", ts_event_ns=2)
    assert [value(one, "sentiment"), value(one, "profile", "AAPL")] == ["d", "written meanwhile"]
    assert other.get("profile", "AAPL") is None
    back(server, clock)
    assert other.set("profile", "AAPL", value="newer", ts_event_ns=60)
    assert value(one, "search", "anything", 10) is None  # any question shows that it is back
    assert [value(other, "sentiment"), value(other, "profile", "AAPL"), value(one, "profile", "AAPL")] == ["d", "newer", "newer"]


def test_a_redis_that_lost_all_is_filled_again(make_cache: Any, server: OwnRedis, clock: ManualClock) -> None:
    cache, sink = make_cache(), OwnSink(server.url)
    sink.write(trade(5), quote(6))
    sink.write(bar(3), topic=Topic.BARS)
    cache.set("historical", "AAPL", "1y", "1d", value=BARS, ts_event_ns=7)
    assert value(cache, "quote", "BTC-USDT")["price"] == trade(5).price
    server.kill()
    server.lose()
    back(server, clock)
    with server.raw() as raw:
        assert raw.keys("*") == []
    assert cache.get("quote", "BTC-USDT").origin == "memory"
    assert make_cache().get("historical", "AAPL", "1y", "1d").value == BARS
    sink.store.ping()
    with server.raw() as raw:
        assert {b"quote:BTC-USDT", b"bar:BTC-USDT:1m", b"historical:AAPL:1y:1d"} <= set(raw.keys("*"))
    sink.write(trade(4))  # late: Redis knew a newer one before it lost all
    assert value(cache, "quote", "BTC-USDT")["price"] == value(make_cache(), "quote", "BTC-USDT")["price"] == trade(5).price
    sink.close()


def test_a_server_that_lost_its_last_second_takes_no_reader_back(make_cache: Any, server: OwnRedis, clock: ManualClock) -> None:
    cache, sink = make_cache(), OwnSink(server.url)
    sink.write(trade(5), quote(6))
    sink.write(trade(9), quote(8))
    assert value(cache, "quote", "BTC-USDT")["price"] == trade(9).price
    with server.raw() as raw:
        raw.flushall()
    OwnSink(server.url).write(trade(5), quote(10))  # a sink that knows nothing either
    found = value(cache, "quote", "BTC-USDT")
    assert (found["price"], found["ask"]) == (trade(9).price, quote(10).ask)
    sink.write(trade(11))
    assert value(cache, "quote", "BTC-USDT")["price"] == trade(11).price


def test_memory_is_bounded_and_says_what_went(make_cache: Any, server: OwnRedis, clock: ManualClock) -> None:
    cache = make_cache(memory_entries=10)
    before = metrics.CACHE_EVICTIONS._value.get()
    cache.set_many("profile", {(f"S{number}",): number for number in range(25)})
    assert value(cache, "profile", "S0") == 0
    away(server, clock)
    assert [value(cache, "profile", f"S{number}") for number in (0, 1, 24)] == [0, None, 24]
    assert (cache.statistics().entries, cache.statistics().evicted) == (10, 16)
    assert metrics.CACHE_EVICTIONS._value.get() - before == 16


def test_no_reader_ever_sees_an_older_price_while_redis_dies_and_comes_back(server: OwnRedis) -> None:
    """The real clock, three readers and the sink; every second death Redis loses all that it had."""
    settings = load_settings(cache={"retry_s": 0.02})
    stop, seen = threading.Event(), [[0] for _ in range(3)]

    def read(prices: list[int]) -> None:
        with Cache(server.url, settings=settings) as cache:
            while not stop.is_set():
                if entry := cache.get("quote", "BTC-USDT"):
                    prices.append(int(entry.value["trade_id"]))

    sink = OwnSink(server.url)
    sink.write(trade(1))
    readers = [threading.Thread(target=read, args=(prices,)) for prices in seen]
    for reader in readers:
        reader.start()
    seq = 1
    for death in range(4):
        seq = _write_for_a_while(sink, seq)
        eventually(lambda: all(prices[-1] > 0 for prices in seen))
        server.kill()
        with pytest.raises(StoreDown):
            sink.write(trade(seq + 1))
        counts = [len(prices) for prices in seen]
        eventually(lambda before=counts: all(len(prices) > count + 50 for prices, count in zip(seen, before, strict=True)))
        if death % 2:
            server.lose()
        server.start()
        sink.flush()
        seq += 1
        sink.write(trade(1))  # a late tick
        newest = trade(seq).trade_id
        eventually(lambda at=newest: all(prices[-1] == at for prices in seen))
    stop.set()
    for reader in readers:
        reader.join(30)
    sink.close()
    for prices in seen:
        assert prices == sorted(prices)


def _write_for_a_while(sink: OwnSink, seq: int) -> int:
    for number in range(seq + 1, seq + 200):
        sink.write(trade(number))
    return seq + 199
