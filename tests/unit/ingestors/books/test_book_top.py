"""Books to events: whatever a book goes through, a reader of the events sees its best levels, or that it is broken."""

from hypothesis import given
from hypothesis import strategies as st

from ingestors.books.keeper import BookKeeper, BookRules
from ingestors.books.order_book import OrderBook
from ingestors.books.top import TopOfBooks
from schemas.book_view import BookView
from schemas.books import BookDifference, Levels

MS = 1_000_000
LEVELS = st.lists(st.tuples(st.integers(1, 12).map(str), st.sampled_from(["0", "1", "2.5"])), max_size=6)
STEPS = st.lists(
    st.tuples(st.sampled_from(["change", "change", "change", "snapshot", "gap"]), LEVELS, LEVELS, st.integers(0, 400)), max_size=40
)


def book_of(bids: Levels, asks: Levels) -> OrderBook:
    return OrderBook(BookDifference("X", "v", 5, 6, 7, 7, bids, asks, snapshot=True))


@given(STEPS)
def test_a_reader_sees_the_book_or_that_it_is_broken(steps: list[tuple[str, Levels, Levels, int]]) -> None:
    top = TopOfBooks("v", 4, 100 * MS, 1_000 * MS)
    keeper = BookKeeper(BookRules("stream"), top.changed, top.broken)
    view, now_ns, number = BookView(), 10**18, 1
    for kind, bids, asks, passed_ms in steps:
        now_ns += passed_ms * MS
        number += 2 if kind == "gap" else 1
        asks = [(str(int(price) + 12), size) for price, size in asks]
        keeper.apply(BookDifference("X", "v", now_ns, now_ns, number, number, bids, asks, snapshot=kind == "snapshot"))
        events = top.take(now_ns)
        for event in events:
            view.apply(event)
        book = keeper.book("X")
        assert not (view.valid and book is None)
        if book is not None and events and events[-1].kind != "invalid":
            assert (view.bids, view.asks) == book.best(4)


def test_changes_within_the_pace_become_one_event_and_snapshots_come_again() -> None:
    top = TopOfBooks("v", 2, 100 * MS, 1_000 * MS)
    kinds = []
    for step in range(120):
        top.changed("X", book_of([("9", str(step + 1))], [("10", "1")]))
        kinds += [event.kind for event in top.take(10**18 + step * 10 * MS)]
    assert kinds == ["snapshot", *["update"] * 9, "snapshot", "update"]


def test_what_does_not_reach_the_best_levels_is_no_event() -> None:
    top = TopOfBooks("v", 1, 0, 10**12)
    top.changed("X", book_of([("9", "1")], [("10", "1")]))
    assert len(top.take(1)) == 1
    top.changed("X", book_of([("9", "1"), ("8", "1")], [("10", "1")]))
    assert top.take(2) == []


def test_a_broken_book_is_told_at_once_and_once() -> None:
    from schemas.reasons import Reason

    top = TopOfBooks("v", 1, 100 * MS, 10**12)
    top.changed("X", book_of([("9", "1")], [("10", "1")]))
    top.take(1_000 * MS)
    top.changed("X", book_of([("9", "2")], [("10", "1")]))
    top.broken("X", Reason.SEQUENCE_GAP, 1_001 * MS)
    top.broken("X", Reason.RECONNECTED, 1_001 * MS)
    assert [(event.kind, event.reason, event.seq) for event in top.take(1_001 * MS)] == [("invalid", "sequence_gap", 2)]


def test_a_quiet_book_is_told_whole_again() -> None:
    top = TopOfBooks("v", 2, 100 * MS, 1_000 * MS)
    top.changed("X", book_of([("9", "1")], [("10", "1")]))
    kinds = [(step, event.kind) for step in range(40) for event in top.take(10**18 + step * 100 * MS)]
    assert kinds == [(0, "snapshot"), (10, "snapshot"), (20, "snapshot"), (30, "snapshot")]


def test_of_a_symbol_that_is_forgotten_nothing_is_told_again() -> None:
    top = TopOfBooks("v", 2, 100 * MS, 1_000 * MS)
    top.changed("X", book_of([("9", "1")], [("10", "1")]))
    assert len(top.take(10**18)) == 1
    top.forget({"X"})
    assert top.take(10**18 + 5_000 * MS) == []
