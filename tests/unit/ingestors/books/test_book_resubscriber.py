"""Books that broke are asked for anew: at once, but not again and again; what comes by itself is waited for."""

from zlib import crc32

from ingestors.books.checksums import KrakenChecksum
from ingestors.books.desk import BookDesk
from ingestors.books.keeper import BookRules
from ingestors.books.order_book import OrderBook
from ingestors.books.resubscriber import BookResubscriber
from runtime.clock import ManualClock
from runtime.settings import IngestSettings
from schemas.books import BookDifference

S = 1_000_000_000


class Bench:
    """A desk of a venue that sends snapshots after subscriptions, and what was asked."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.told: list[str] = []
        self.asked: list[float] = []
        self.ready = True
        settings = IngestSettings(book_interval_s=0, book_snapshot_s=3600)
        rules = BookRules("stream", checksum=lambda symbol, book: len(book.bids) + 100)
        self.desk = BookDesk("v", rules, settings, lambda event, _: self.told.append(event.kind))
        self.resubscriber = BookResubscriber(self.desk, self._ask, self.clock)

    def _ask(self, symbol: str) -> bool:
        if self.ready:
            self.asked.append(self.clock.monotonic_s() - self.began_s)
        return self.ready

    def hear(self, *, snapshot: bool = False, checksum: int = 101) -> None:
        difference = BookDifference("X", "v", S, S, 0, 0, [("9", "1")], [("10", "1")], snapshot=snapshot, checksum=checksum)
        self.desk.hear(difference, 0)

    def pass_s(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.resubscriber.look()
            self.clock.advance_s(0.25)

    @classmethod
    def valid(cls) -> "Bench":
        bench = cls()
        bench.hear(snapshot=True)
        bench.began_s = bench.clock.monotonic_s()
        bench.pass_s(0.25)
        return bench

    began_s = 0.0


def test_a_broken_book_is_asked_for_at_once_and_again_if_nothing_comes() -> None:
    bench = Bench.valid()
    bench.hear(checksum=7)
    assert bench.told == ["snapshot", "invalid"]
    bench.pass_s(25)
    assert bench.asked == [0.25, 10.25, 20.25]
    bench.hear()  # a difference after the break is no book
    assert bench.told == ["snapshot", "invalid"]
    bench.hear(snapshot=True)
    bench.pass_s(60)
    assert (bench.told, len(bench.asked)) == (["snapshot", "invalid", "snapshot"], 3)


def test_a_book_that_always_breaks_is_asked_for_ever_more_rarely() -> None:
    bench = Bench.valid()
    for _ in range(4 * 60):
        if bench.told[-1] == "snapshot":
            bench.hear(checksum=7)
        if len(bench.asked) == bench.told.count("invalid"):
            bench.hear(snapshot=True)
        bench.pass_s(0.5)
    pauses = [round(later - earlier) for earlier, later in zip(bench.asked, bench.asked[1:], strict=False)]
    assert pauses == [1, 2, 4, 8, 16, 32]


def test_the_snapshot_of_a_new_connection_is_waited_for() -> None:
    bench = Bench.valid()
    bench.desk.restart({"X"}, 2 * S, 0)
    bench.pass_s(9)
    assert bench.asked == []
    bench.hear(snapshot=True)
    bench.pass_s(20)
    assert bench.asked == []


def test_a_connection_that_takes_over_is_asked_at_once_and_one_that_is_not_ready_later() -> None:
    bench = Bench.valid()
    bench.desk.hand_over({"X"}, 2 * S, 0)
    bench.ready = False
    bench.pass_s(1)
    bench.ready = True
    bench.pass_s(1)
    assert bench.asked == [1.25]


def test_books_that_are_fetched_are_not_subscribed_to_anew() -> None:
    settings = IngestSettings(book_interval_s=0)
    desk = BookDesk("v", BookRules("asked"), settings, lambda *_: None)
    desk.hear(BookDifference("X", "v", S, S, 5, 5, [("9", "1")], []), 0)
    assert (desk.to_resubscribe(), desk.to_fetch()) == ({}, ["X"])


def test_a_checksum_without_the_decimals_of_its_pair_says_nothing() -> None:
    decimals: dict[str, tuple[int, int]] = {}
    checksum = KrakenChecksum(decimals)
    book = OrderBook(BookDifference("X", "v", S, S, 0, 0, [("9", "1")], [("10", "1")], snapshot=True))
    assert checksum("X", book) is None
    decimals["X"] = (1, 8)
    assert checksum("X", book) == crc32(b"10010000000090100000000")
