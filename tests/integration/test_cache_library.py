"""The cache library on a real Redis that is killed, started again, and comes back without what it held."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cache import Cache
from runtime import metrics
from runtime.clock import ManualClock
from runtime.errors import TransientError, UserError
from runtime.settings import load_settings
from schemas.topics import Topic
from sinks.store import StoreDown
from tests.redis_world import OwnRedis, OwnSink
from tests.sinks_world import T0_NS, bar, quote, trade
from tests.support import eventually, run_tickerplant

BARS = [{"timestamp": f"2024-08-{day:02d}", "close": "61652.01"} for day in range(1, 31)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OwnRedis]:
    made = OwnRedis(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(T0_NS)


@pytest.fixture
def make_cache(server: OwnRedis, clock: ManualClock) -> Iterator[Callable[..., Cache]]:
    made: list[Cache] = []

    def make(**settings: Any) -> Cache:
        made.append(Cache(server.url, settings=load_settings(cache=settings), clock=clock))
        return made[-1]

    yield make
    for one in made:
        one.close()


def value(cache: Cache, *words: object) -> Any:
    entry = cache.get(*words)  # type: ignore[arg-type]
    return None if entry is None else entry.value


def away(server: OwnRedis, clock: ManualClock) -> None:
    server.kill()
    clock.advance_s(2)


def back(server: OwnRedis, clock: ManualClock) -> None:
    server.start()
    clock.advance_s(2)


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


def test_memory_is_bounded_and_says_what_went(make_cache: Any, server: OwnRedis, clock: ManualClock) -> None:
    cache = make_cache(memory_entries=10)
    before = metrics.CACHE_EVICTIONS._value.get()
    cache.set_many("profile", {(f"S{number}",): number for number in range(25)})
    assert value(cache, "profile", "S0") == 0
    away(server, clock)
    assert [value(cache, "profile", f"S{number}") for number in (0, 1, 24)] == [0, None, 24]
    assert (cache.statistics().entries, cache.statistics().evicted) == (10, 16)
    assert metrics.CACHE_EVICTIONS._value.get() - before == 16


def test_mistakes_are_one_line(make_cache: Any, server: OwnRedis, tmp_path: Path) -> None:
    cache = make_cache(maximum_value_bytes=1024)
    for words, expected in (
        (("quotes", "AAPL"), "there is no kind quotes"),
        (("profile",), "made of symbol"),
        (("profile", "A" * 300), "1 to 200"),
    ):
        with pytest.raises(UserError, match=expected):
            cache.get(*words)
    for kind, given, expected in (
        ("quote", 1, "written by sink-redis"),
        ("profile", "x" * 2000, "maximum_value_bytes"),
        ("profile", object(), "cannot be written as JSON"),
    ):
        with pytest.raises(UserError, match=expected):
            cache.set(kind, "AAPL", value=given)
    with pytest.raises(UserError, match="which the sink writes"):
        make_cache(lifetimes_s={"bar": 5})
    with pytest.raises(UserError, match="no address for redis"):
        Cache(settings=load_settings(data_dir=tmp_path / "none"))
    with server.raw() as raw:
        raw.set("profile:AAPL", b"another's")
        raw.lpush("profile:MSFT", 1)
    assert cache.get("profile", "AAPL") is None
    with pytest.raises(UserError, match="WRONGTYPE"):
        cache.get("profile", "MSFT")
    with pytest.raises(UserError, match="Redis refuses"), Cache(server.url.replace("secret", "wrong")) as refused:
        refused.get("indices")


def test_the_command_shows_counts_and_invalidates(make_cache: Any, server: OwnRedis, tmp_path: Path) -> None:
    sink = OwnSink(server.url)
    sink.write(trade(5))
    make_cache().set("profile", "BTC-USDT", value={"name": "Bitcoin"}, ts_event_ns=T0_NS)

    def command(*words: str) -> tuple[int, str]:
        env = {"TICKERPLANT_REDIS__URL": server.url, "TICKERPLANT_DATA_DIR": str(tmp_path)}
        done = run_tickerplant("cache", *words, env=env)
        return done.returncode, done.stdout or done.stderr

    code, text = command("show", "BTC-USDT", "--json")
    shown = json.loads(text)
    assert (code, sorted(shown)) == (0, ["profile:BTC-USDT", "quote:BTC-USDT"])
    assert shown["quote:BTC-USDT"]["value"]["price"] == trade(5).price
    assert json.loads(command("stats", "--json")[1])["keys"] == 6  # two values with their guards, the index, the set of symbols
    assert "profile:BTC-USDT  2024-08-08T23:58:00Z" in command("show", "BTC-USDT")[1]
    assert command("invalidate", "BTC-USDT") == (0, "2 values of BTC-USDT removed\n")
    assert command("show", "BTC-USDT")[0] == 2
    server.kill()
    assert command("stats") == (2, "tickerplant: Redis does not answer; start it, or look at redis.url\n")
    sink.close()


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
