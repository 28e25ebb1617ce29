"""The guard in Redis: whatever the order of writes, and after any replay, a key holds its newest event."""

from collections.abc import Sequence
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cache.guard import Write
from cache.keys import guard_key
from cache.kinds import KINDS
from runtime import metrics
from runtime.clock import ManualClock
from runtime.faults import KillPoints
from runtime.settings import RedisSettings, SinkSettings
from schemas.ticks import Quote, Trade
from schemas.topics import Topic
from sinks.redis.client import RedisClient
from sinks.redis.store import RedisStore
from sinks.redis.values import forming_write, quote_write, series_write
from tests.sink_events import T0_NS, bar, envelope, quote, record, signal, trade
from tests.sinks_world import EPOCHS, Log, redis_values

pytestmark = pytest.mark.stack
KEY = "quote:BTC-USDT"
_REAL_SERVER = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def client(line: Any) -> Any:
    made = RedisClient(line.addresses.redis, RedisSettings())
    made.introduce()
    yield made
    made.close()


def flush_all(line: Any) -> None:
    with redis.Redis.from_url(line.addresses.redis) as raw:
        raw.flushdb()


def write_ticks(client: RedisClient, ticks: Sequence[Trade | Quote], source: str = "binance") -> int:
    return sum(client.write([quote_write(tick, source, 60) for tick in ticks]))


def at(tick: Trade | Quote, second: int) -> Trade | Quote:
    tick.ts_event_ns = T0_NS + second * 1_000_000_000
    return tick


_TICKS = st.lists(
    st.builds(lambda make, second, seq: at(make(seq), second), st.sampled_from([trade, quote]), st.integers(0, 5), st.integers(1, 30)),
    min_size=1,
    max_size=12,
)


def newest(ticks: Sequence[Trade | Quote], kind: type) -> Any:
    """The greatest (time, seq); of equal ones the last written."""
    own = [tick for tick in ticks if isinstance(tick, kind)]
    return max(enumerate(own), key=lambda item: (item[1].ts_event_ns, item[1].seq, item[0]))[1] if own else None


@_REAL_SERVER
@given(ticks=_TICKS, cut=st.integers(0, 12))
def test_each_part_is_the_newest_of_its_own_clock(line: Any, client: RedisClient, ticks: list[Trade | Quote], cut: int) -> None:
    flush_all(line)
    for part in (ticks[:cut], ticks[cut:], ticks[:cut]):  # the last one is a replay
        if part:
            write_ticks(client, part)
    value = redis_values(line)[KEY]
    of_trade, of_quote = newest(ticks, Trade), newest(ticks, Quote)
    assert (value["price"], value["trade_id"]) == ((of_trade.price, of_trade.trade_id) if of_trade else (None, None))
    assert (value["bid"], value["ask"]) == ((of_quote.bid, of_quote.ask) if of_quote else (None, None))
    times = [tick.ts_event_ns for tick in (of_trade, of_quote) if tick]
    assert value["ts_event_ns"] == max(times)
    assert value["source"] == "binance"


@_REAL_SERVER
@given(order=st.permutations([(0, 0), (0, 1), (1, 0), (2, 0), (2, 1)]))
def test_a_series_holds_its_newest_bar_and_revision(line: Any, client: RedisClient, order: list[tuple[int, int]]) -> None:
    flush_all(line)
    for minute, revision in order:
        client.write([series_write(KINDS["bar"], bar(minute, revision)), series_write(KINDS["signal"], signal(minute, revision))])
    values = redis_values(line)
    for key in ("bar:BTC-USDT:1m", "signal:BTC-USDT:1m"):
        assert (values[key]["ts_open_ns"], values[key]["revision"]) == (bar(2).ts_open_ns, 1)


def test_a_replay_of_old_ticks_brings_no_old_price_back_after_the_value_has_expired(line: Any, client: RedisClient) -> None:
    write_ticks(client, [at(trade(9), 100), at(quote(10), 100)])
    with redis.Redis.from_url(line.addresses.redis) as raw:
        assert 0 < raw.ttl(KEY) <= 60
        assert raw.ttl(guard_key(KEY)) > 80_000
        raw.delete(KEY)  # what expiry does
    assert write_ticks(client, [at(trade(8), 99), at(quote(7), 99)]) == 0
    assert redis_values(line) == {}
    assert write_ticks(client, [at(trade(11), 101)]) == 1
    assert redis_values(line)[KEY]["price"] == trade(11).price


def test_a_new_primary_replaces_both_parts_and_nothing_mixes_venues(line: Any, client: RedisClient) -> None:
    write_ticks(client, [at(trade(1), 10), at(quote(2), 12)], source="binance")
    assert write_ticks(client, [at(trade(3), 11)], source="kraken") == 0  # older than the quote that is there
    assert redis_values(line)[KEY]["source"] == "binance"
    assert write_ticks(client, [at(trade(4), 13)], source="kraken") == 1
    value = redis_values(line)[KEY]
    assert (value["source"], value["price"], value["bid"]) == ("kraken", trade(4).price, None)
    assert write_ticks(client, [at(quote(5), 12)], source="binance") == 0


def test_a_server_that_was_started_anew_is_given_what_still_lives(line: Any) -> None:
    clock = ManualClock(T0_NS)
    store = RedisStore(
        "sink-redis",
        RedisClient(line.addresses.redis, RedisSettings()),
        Log(),
        KillPoints("sink-redis"),
        clock,
        SinkSettings(),
        lambda: EPOCHS,
    )
    store.begin([(Topic.TICKS, 0)])
    for topic, event in (
        (Topic.TICKS, envelope([trade(9), quote(10)])),
        (Topic.BARS, bar(3)),
        (Topic.BARS_FORMING, bar(4, kind="forming")),
    ):
        store.take(record(topic, 0, event))
    store.flush()
    before = redis_values(line)
    assert sorted(before) == ["bar:BTC-USDT:1m", "forming:BTC-USDT:1m", "quote:BTC-USDT"]
    lose_memory(line)
    store.take(record(Topic.TICKS, 1, envelope([trade(8), trade(9, symbol="ETH-USDT")])))  # late: older than what was there
    store.flush()
    values = redis_values(line)
    assert values.pop("quote:ETH-USDT")["price"] == trade(9).price
    assert values == before
    lose_memory(line)
    clock.advance_s(61)  # the quotes are over, the bar is not; nothing new comes
    store.ping()
    assert sorted(redis_values(line)) == ["bar:BTC-USDT:1m"]
    assert metrics.REDIS_KEYS._value.get() == 2  # and its guard
    assert metrics.REDIS_BYTES._value.get() > 500_000
    store.take(record(Topic.TICKS, 2, envelope([trade(8)])))
    store.flush()
    assert sorted(redis_values(line)) == ["bar:BTC-USDT:1m"]
    store.close()


def lose_memory(line: Any) -> None:
    """What a restart without persistence does."""
    flush_all(line)
    with redis.Redis.from_url(line.addresses.redis) as raw:
        raw.script_flush()


@_REAL_SERVER
@given(order=st.permutations([(0, 1), (0, 9), (1, 10), (1, 12)]))
def test_a_forming_bar_is_the_one_that_knows_most(line: Any, client: RedisClient, order: list[tuple[int, int]]) -> None:
    flush_all(line)
    for minute, known_at_ns in order:
        client.write([forming_write(bar(minute, known_at_ns=known_at_ns, kind="forming"))])
    value = redis_values(line)["forming:BTC-USDT:1m"]
    assert (value["ts_open_ns"], value["known_at_ns"]) == (bar(1).ts_open_ns, 12)


def test_values_are_exact_and_say_where_they_come_from(line: Any, client: RedisClient) -> None:
    price = "0.000000000123456789012345678901"
    write_ticks(client, [trade(1, price=price, reasons=("late",), quality=0.9)], source="binance-simulated")
    assert redis_values(line)[KEY] == {
        "symbol": "BTC-USDT",
        "source": "binance-simulated",
        "timestamp": "2024-08-08T23:58:00.001000Z",
        "ts_event_ns": T0_NS + 1_000_003,
        "quality": 0.9,
        "reasons": ["late"],
        "price": price,
        "volume": "0.00123000",
        "side": "buy",
        "trade_id": 3_735_683_001,
        "trade_ts_event_ns": T0_NS + 1_000_003,
        "trade_seq": 1,
        "bid": None,
        "bid_size": None,
        "ask": None,
        "ask_size": None,
        "quote_ts_event_ns": None,
        "quote_seq": None,
    }


def test_writes_are_named_by_key_and_part() -> None:
    write = quote_write(trade(1), "binance", 60)
    assert isinstance(write, Write)
    assert (write.key, write.part, write.other, write.lifetime_s) == (KEY, "trade", "quote", 60)
