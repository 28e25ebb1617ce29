"""The memory of the topics' ends: newest revision, bounded depth, bounded bytes."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.records import place
from gateway.series import Channel, Placed
from gateway.snapshot import History, Memory
from runtime.stage import InputRecord
from schemas.bars import Bar
from schemas.codec import encode
from schemas.topics import Topic
from tests.gateway_events import bar, quote, trade


def put(memory: Memory, history: History, event: Bar, offset: int) -> None:
    memory.remember(history, place(InputRecord(Topic.BARS, 0, offset, None, encode(event))), event)


def minutes(history: History, count: int = 1000) -> list[tuple[int, int]]:
    """(opening time, revision) of what is kept."""
    events = [event for _placed, event in history.items(count)]
    return [(event.ts_open_ns, event.revision) for event in events if isinstance(event, Bar)]


def test_last_records_oldest_first() -> None:
    memory = Memory(depth=3)
    history = memory.new_history()
    for minute in range(5):
        put(memory, history, bar(minute), minute)
    assert minutes(history) == [(bar(minute).ts_open_ns, 0) for minute in (2, 3, 4)]
    assert minutes(history, 1) == [(bar(4).ts_open_ns, 0)]
    assert minutes(history, 0) == []


def test_correction_takes_the_place_of_what_it_corrects() -> None:
    memory = Memory(depth=3)
    history = memory.new_history()
    for offset, (minute, revision) in enumerate([(0, 0), (1, 0), (2, 0), (1, 1)]):
        put(memory, history, bar(minute, revision=revision), offset)
    assert minutes(history) == [(bar(0).ts_open_ns, 0), (bar(1).ts_open_ns, 1), (bar(2).ts_open_ns, 0)]


def test_last_trade_and_last_quote_in_the_order_of_the_log() -> None:
    memory = Memory(depth=3)
    history = memory.new_history()
    for index, tick in enumerate([trade(1), quote(2), trade(3)]):
        memory.remember(history, Placed(Channel.TICKS, tick.symbol, "binance", "", True, 0, 9, index, ""), tick)
    assert [event.seq for _placed, event in history.items(5)] == [2, 3]  # type: ignore[union-attr]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 2)), max_size=80), st.integers(800, 20_000))
def test_budget_holds_and_no_series_is_empty(events: list[tuple[int, int, int]], budget: int) -> None:
    memory = Memory(depth=8, budget_bytes=budget)
    histories = [memory.new_history() for _ in range(4)]
    for offset, (series, minute, revision) in enumerate(events):
        put(memory, histories[series], bar(minute, revision=revision), offset)
    sizes = [len(minutes(history)) for history in histories]
    assert memory.used_bytes <= budget or memory.depth == 1
    assert all(size <= 8 for size in sizes)
    assert {series for series, _, _ in events} == {series for series in range(4) if sizes[series]}
    for history in histories:
        kept = minutes(history)
        assert kept == sorted(kept)
        memory.forget(history)
    assert memory.used_bytes == 0
