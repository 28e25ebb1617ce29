"""Differences that wait for a snapshot: unchanged, in order, within their bounds."""

from ingestors.books.waiting import WaitingDifferences
from schemas.books import BookDifference


def _difference(number: int, levels: int = 1) -> BookDifference:
    bids = [(f"{100 + level}.10", "1.5") for level in range(levels)]
    return BookDifference("BTC-USDT", "x", number, number + 1, number, number, bids, [("300.0", "0")], checksum=7)


def test_what_waits_comes_back_as_it_was() -> None:
    waiting, differences = WaitingDifferences(), [_difference(number, number) for number in range(1, 10)]
    for difference in differences:
        waiting.append(difference)
    assert (list(waiting), len(waiting), waiting.first_update_id) == (differences, 9, 1)
    waiting.clear()
    assert (list(waiting), len(waiting), waiting.size_bytes) == ([], 0, 0)


def test_of_too_many_the_oldest_go() -> None:
    waiting = WaitingDifferences()
    for number in range(1, 1_501):
        waiting.append(_difference(number))
    assert [difference.first_update_id for difference in waiting] == list(range(501, 1_501))


def test_large_ones_are_bounded_by_their_bytes() -> None:
    waiting = WaitingDifferences()
    for number in range(1, 501):
        waiting.append(_difference(number, 1_000))
    assert 200_000 < waiting.size_bytes < 256 * 1024
    assert [difference.first_update_id for difference in waiting][-1] == 500
    waiting.append(_difference(501, 100_000))
    assert [difference.first_update_id for difference in waiting] == [501]
