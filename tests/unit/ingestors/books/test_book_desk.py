"""No reader keeps a book that nobody keeps right: connections that end, symbols that are removed, books that stay crossed, snapshots that come late."""

from ingestors.books.desk import BookDesk
from ingestors.books.fetcher import SnapshotFetcher
from ingestors.books.keeper import BookRules
from ingestors.history import History
from runtime.clock import ManualClock
from runtime.settings import IngestSettings
from schemas.books import BookDifference, Levels

S = 1_000_000_000
X = {"X"}


class Desk:
    """A desk of a venue whose snapshots are asked for, and what it told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        settings = IngestSettings(book_interval_s=0, book_snapshot_s=3600)
        self.desk = BookDesk("v", BookRules("asked"), settings, lambda event, _: self.told.append((event.kind, event.reason)))

    def hear(self, number: int, bids: Levels, at_s: float = 1, symbol: str = "X") -> None:
        self.desk.hear(BookDifference(symbol, "v", 0, int(at_s * S), number, number, bids, []), 0)

    def fetched(self, number: int, symbol: str = "X") -> None:
        self.desk.fetched(BookDifference(symbol, "v", 0, S, number, number, [("9", "1")], [("10", "1")], snapshot=True), 0)

    @classmethod
    def valid(cls) -> "Desk":
        desk = cls()
        desk.hear(5, [("8", "1")])
        desk.fetched(4)
        assert desk.told == [("snapshot", ""), ("update", "")] or desk.told == [("snapshot", "")]
        desk.told.clear()
        return desk


def test_a_book_ends_with_its_connection_and_waits_for_the_next() -> None:
    bench = Desk.valid()
    bench.desk.restart(X, 2 * S, 0)
    assert bench.told == [("invalid", "reconnected")]
    assert bench.desk.to_fetch() == []  # nobody sends differences
    bench.fetched(9)  # was under way when the connection ended
    assert len(bench.told) == 1
    bench.hear(20, [("8", "2")], 3)
    assert bench.desk.to_fetch() == ["X"]
    bench.fetched(20)
    assert bench.told[1:] == [("snapshot", "")]


def test_the_end_of_the_process_ends_the_books() -> None:
    bench = Desk.valid()
    bench.desk.finish(2 * S, 0)
    assert bench.told == [("invalid", "reconnected")]


def test_a_symbol_that_is_removed_is_told_once_and_stays_away_until_it_is_asked_for() -> None:
    bench = Desk.valid()
    bench.desk.forget(X, 2 * S, 0)
    assert bench.told == [("invalid", "reconnected")]
    bench.hear(6, [("8", "3")], 3)
    bench.fetched(6)
    bench.desk.tell(4 * S, 0)
    assert (bench.desk.to_fetch(), len(bench.told)) == ([], 1)
    bench.desk.expect(X)
    bench.hear(7, [("8", "4")], 5)
    bench.fetched(7)
    assert bench.told[1:] == [("snapshot", "")]


def test_a_symbol_that_is_removed_while_its_book_waits_is_not_fetched() -> None:
    bench = Desk()
    bench.hear(5, [("8", "1")])
    bench.desk.forget(X, 2 * S, 0)
    bench.fetched(9)
    assert (bench.desk.to_fetch(), bench.told) == ([], [])


def test_a_book_that_stays_crossed_ends_without_another_message() -> None:
    bench = Desk.valid()
    bench.hear(6, [("11", "1")], 10)
    bench.desk.tell(int(10.9 * S), 0)
    assert bench.told == []
    bench.desk.tell(int(11.1 * S), 0)
    assert bench.told == [("invalid", "crossed_book")]


class Slow(History):
    book_interval_s = 1.5

    def __init__(self, clock: ManualClock) -> None:
        self.asked: list[tuple[str, float]] = []
        self._clock = clock

    async def book(self, symbol: str) -> BookDifference:
        self.asked.append((symbol, self._clock.monotonic_s()))
        return BookDifference(symbol, "v", 0, 0, 100, 100, [("9", "1")], [("10", "1")], snapshot=True)


async def test_snapshots_are_fetched_at_a_pace_and_after_trades() -> None:
    bench, clock = Desk(), ManualClock()
    history, trades = Slow(clock), [True]
    fetcher = SnapshotFetcher(bench.desk, history, clock, clock.now_ns, lambda: trades[0])
    for symbol in ("A", "B", "C"):
        bench.hear(100, [], symbol=symbol)
    for step in range(20):
        trades[0] = step < 4
        await fetcher.look()
        clock.advance_s(0.25)
    (_, first_s), *_ = history.asked
    assert [(symbol, at_s - first_s) for symbol, at_s in history.asked] == [("A", 0), ("B", 1.5), ("C", 3.0)]
    assert len(bench.told) == 3
