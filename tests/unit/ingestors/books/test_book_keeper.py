"""A book is right or it is said to be broken: snapshots, numbers, checksums, crossings, connections."""

from typing import Any
from zlib import crc32

import pytest

from ingestors.books.checksums import BitfinexChecksum, javascript
from ingestors.books.keeper import BookKeeper, BookRules
from ingestors.books.order_book import OrderBook
from schemas.books import BookDifference, Levels
from schemas.reasons import Reason

S = 1_000_000_000


class World:
    """A keeper, and what it told."""

    def __init__(self, rules: BookRules) -> None:
        self.told: list[Any] = []
        self.keeper = BookKeeper(rules, lambda symbol, book: self.told.append(book.best(2)), self._broke)

    def _broke(self, symbol: str, reason: Reason, ingest_ns: int) -> None:
        self.told.append(reason)

    def hear(self, bids: Levels, asks: Levels, ids: tuple[int, int] = (0, 0), at_ns: int = S, **more: Any) -> Any:
        """What was told of one message last, or None."""
        before = len(self.told)
        self.keeper.apply(BookDifference("X", "v", at_ns, at_ns, *ids, bids, asks, **more))
        return self.told[-1] if len(self.told) > before else None

    def snapshot(self, number: int = 0, bids: Levels | None = None) -> Any:
        return self.hear([("9", "1")] if bids is None else bids, [("10", "1")], (number, number), snapshot=True)


STREAMED, ASKED = BookRules("stream"), BookRules("asked")


def test_a_snapshot_and_what_follows() -> None:
    world = World(STREAMED)
    assert world.hear([("9", "5")], []) is None
    assert world.keeper.wanted == {"X": None}
    assert world.snapshot() == ([("9", "1")], [("10", "1")])
    assert world.hear([("9.5", "2")], [("10", "0")]) == ([("9.5", "2"), ("9", "1")], [])
    assert world.keeper.wanted == {}


def test_differences_wait_for_the_snapshot_that_is_fetched() -> None:
    world = World(ASKED)
    for first in (5, 8, 11):
        assert world.hear([("9", str(first))], [], (first, first + 2)) is None
    assert world.snapshot(9) == ([("9", "11")], [("10", "1")])
    assert [len(world.told), world.keeper.wanted] == [3, {}]


def test_a_snapshot_older_than_what_waits_is_no_use() -> None:
    world = World(ASKED)
    world.hear([], [], (20, 22))
    assert world.snapshot(18) is None
    assert world.keeper.wanted == {"X": None}
    assert world.snapshot(19) is not None


def test_a_missing_number_ends_the_book_and_the_next_snapshot_begins_it_again() -> None:
    world = World(ASKED)
    world.snapshot(5)
    assert world.hear([], [("11", "1")], (4, 5)) is None
    assert world.hear([], [("11", "1")], (8, 9)) is Reason.SEQUENCE_GAP
    assert world.keeper.wanted == {"X": Reason.SEQUENCE_GAP}
    assert world.keeper.book("X") is None
    assert world.hear([], [("12", "1")], (10, 10)) is None
    assert world.snapshot(8) == ([("9", "1")], [("10", "1"), ("11", "1")])


def test_a_checksum_that_does_not_agree_ends_the_book() -> None:
    def counting(symbol: str, book: OrderBook) -> int:
        return len(book.bids) + len(book.asks)

    world = World(BookRules("stream", checksum=counting))
    world.snapshot()
    assert world.hear([("8", "1")], [], checksum=3) == ([("9", "1"), ("8", "1")], [("10", "1")])
    assert world.hear([("7", "1")], [], checksum=3) is Reason.CHECKSUM_MISMATCH
    assert world.keeper.wanted == {"X": Reason.CHECKSUM_MISMATCH}


def test_a_book_that_crosses_is_not_told_and_ends_after_a_second() -> None:
    world = World(STREAMED)
    world.snapshot()
    assert world.hear([("10", "1")], [], at_ns=S) is None
    assert world.hear([("8", "1")], [], at_ns=2 * S) is None
    assert world.hear([("8", "2")], [], at_ns=2 * S + 1) is Reason.CROSSED_BOOK


def test_a_crossing_in_the_middle_of_a_burst_is_passed_over() -> None:
    world = World(STREAMED)
    world.snapshot()
    assert world.hear([("10", "1")], []) is None
    assert world.hear([], [("10", "0"), ("11", "1")]) == ([("10", "1"), ("9", "1")], [("11", "1")])


@pytest.mark.parametrize("level", [("x", "1"), ("1", "x"), ("1", "-1")])
def test_a_level_that_is_no_number_ends_the_book(level: tuple[str, str]) -> None:
    world = World(STREAMED)
    world.snapshot()
    assert world.hear([level], []) is Reason.NOT_A_NUMBER
    assert world.snapshot(bids=[level]) is Reason.NOT_A_NUMBER
    assert world.snapshot() is not None


def test_a_new_connection_ends_all_books() -> None:
    world = World(STREAMED)
    world.snapshot()
    world.keeper.restart({"Y"}, S)
    assert world.keeper.book("X") is not None
    world.keeper.restart({"X"}, S)
    assert world.told[-1] is Reason.RECONNECTED
    assert world.hear([("9", "3")], []) is None
    assert world.snapshot() is not None


def test_a_message_that_could_not_be_read_ends_the_book() -> None:
    world = World(STREAMED)
    world.snapshot()
    world.keeper.break_off("X", Reason.SEQUENCE_GAP, S)
    world.keeper.break_off("unknown", Reason.SEQUENCE_GAP, S)
    assert world.told[-1] is Reason.SEQUENCE_GAP


def test_the_checksum_of_bitfinex_takes_both_sides_in_turn() -> None:
    snapshot = BookDifference("X", "v", 0, 0, 0, 0, [("6000", "1"), ("5900", "2")], [("6100", "3")], snapshot=True)
    assert BitfinexChecksum()("X", OrderBook(snapshot)) == crc32(b"6000:1:6100:-3:5900:2") == 1463064604


@pytest.mark.parametrize(
    ("text", "written"),
    [("6000.5", "6000.5"), ("0.000001", "0.000001"), ("0.0000001", "1e-7"), ("0.00000012", "1.2e-7"), ("0.0000000", "0.0000000")],
)
def test_numbers_as_javascript_writes_them(text: str, written: str) -> None:
    assert javascript(text) == written


def test_a_book_that_moves_beyond_what_its_snapshot_showed_is_fetched_anew() -> None:
    told: list[Reason] = []
    keeper = BookKeeper(BookRules("asked", shown=4), lambda *_: None, lambda symbol, reason, at_ns: told.append(reason))
    whole = [(str(price), "1") for price in (10, 11, 12, 13)]
    keeper.apply(BookDifference("X", "v", S, S, 1, 1, [], whole, snapshot=True))
    for number, (gone, new) in enumerate([("10", "14"), ("11", "15")], 2):
        keeper.apply(BookDifference("X", "v", S, S, number, number, [], [(gone, "0"), (new, "1")]))
    assert (told, keeper.waiting()) == ([], [])  # 12 and 13 are the best two, and were shown
    keeper.apply(BookDifference("X", "v", S, S, 4, 4, [], [("12", "0")]))
    assert (told, keeper.waiting()) == ([Reason.BEYOND_SNAPSHOT], ["X"])
    keeper.apply(BookDifference("X", "v", S, S, 4, 4, [("9", "1")], whole[:3], snapshot=True))  # that is all there is
    keeper.apply(BookDifference("X", "v", S, S, 5, 5, [], [("10", "0"), ("11", "0")]))
    assert (len(told), keeper.wanted) == (1, {})
