"""A reader of market.books: it shows the best levels, or says that it does not know them."""

from schemas.book_view import BookView
from schemas.books import Book, BookKind, Levels


def event(kind: BookKind, seq: int, bids: Levels, asks: Levels, reason: str = "") -> Book:
    return Book("BTC-USD", "kraken", 1, 2, kind, seq, 3, 0, bids, asks, reason)


def snapshot(seq: int = 1) -> Book:
    return event("snapshot", seq, [("9.5", "1"), ("9", "2")], [("10", "1"), ("11.5", "4")])


def test_updates_change_add_and_remove_levels() -> None:
    view = BookView()
    assert view.apply(snapshot())
    assert view.apply(event("update", 2, [("9.5", "0"), ("9.25", "7")], [("10", "3"), ("9.75", "1")]))
    assert view.bids == [("9.25", "7"), ("9", "2")]
    assert view.asks == [("9.75", "1"), ("10", "3"), ("11.5", "4")]


def test_nothing_is_shown_before_a_snapshot() -> None:
    view = BookView()
    assert not view.apply(event("update", 7, [("9", "1")], []))
    assert (view.valid, view.bids, view.asks) == (False, [], [])


def test_a_missing_event_makes_it_invalid_until_the_next_snapshot() -> None:
    view = BookView()
    view.apply(snapshot())
    assert not view.apply(event("update", 3, [], [("10", "2")]))
    assert (view.reason, view.bids) == ("an event is missing", [])
    assert not view.apply(event("update", 4, [], []))
    assert view.apply(snapshot(5))
    assert view.apply(event("update", 6, [], []))


def test_a_broken_book_is_not_shown() -> None:
    view = BookView()
    view.apply(snapshot())
    assert not view.apply(event("invalid", 2, [], [], "checksum_mismatch"))
    assert (view.reason, view.asks) == ("checksum_mismatch", [])


def test_a_repeated_event_changes_nothing() -> None:
    view = BookView()
    view.apply(snapshot())
    update = event("update", 2, [("9", "0")], [])
    view.apply(update)
    view.apply(event("update", 3, [("9", "5")], []))
    assert view.apply(update)
    assert view.bids == [("9.5", "1"), ("9", "5")]


def test_a_restarted_ingestor_counts_from_one_again() -> None:
    view = BookView()
    view.apply(snapshot(900))
    assert view.apply(snapshot(1))
    assert view.apply(event("update", 2, [("9.5", "0")], []))
    assert view.bids == [("9", "2")]
