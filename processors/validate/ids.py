"""Which trade ids were seen: integers as ranges, so that a day without holes is one pair of numbers; texts as the most recent ones."""

from bisect import bisect_right

from msgspec import Struct

MAX_RANGES = 512
MAX_TEXTS = 1024


class SeenIds(Struct, array_like=True):
    """Seen ids of one (symbol, source), in bounded memory.

    ranges: sorted, disjoint, not adjacent [low, high]. With more than MAX_RANGES the lowest hole is given up: its ids count as seen, because
    a trade twice is worse than one that came a thousand holes too late. given_up: ids below it and inside the ranges may never have come.
    texts: ids of a venue that does not count, oldest first; older ones than the last MAX_TEXTS are forgotten.
    """

    ranges: list[list[int]] = []
    texts: dict[str, bool] = {}
    given_up: int = -1

    def add(self, trade_id: int | str) -> bool:
        """Remembers the id; False if it was seen before."""
        if isinstance(trade_id, str):
            return self._add_text(trade_id)
        ranges = self.ranges
        if ranges:
            newest = ranges[-1]
            if trade_id == newest[1] + 1:
                newest[1] = trade_id
                return True
        return self._add_anywhere(trade_id)

    def _add_text(self, text: str) -> bool:
        if text in self.texts:
            return False
        self.texts[text] = True
        if len(self.texts) > MAX_TEXTS:
            del self.texts[next(iter(self.texts))]
        return True

    def _add_anywhere(self, number: int) -> bool:
        ranges = self.ranges
        at = bisect_right(ranges, number, key=_low) - 1  # the range that begins at or below the number, -1 if none
        if at >= 0 and number <= ranges[at][1]:
            return False
        joins_below = at >= 0 and ranges[at][1] == number - 1
        joins_above = at + 1 < len(ranges) and ranges[at + 1][0] == number + 1
        if joins_below:
            ranges[at][1] = ranges.pop(at + 1)[1] if joins_above else number
        elif joins_above:
            ranges[at + 1][0] = number
        else:
            ranges.insert(at + 1, [number, number])
            self._bound()
        return True

    def _bound(self) -> None:
        if len(self.ranges) > MAX_RANGES:
            low, _ = self.ranges.pop(0)
            self.given_up = self.ranges[0][0]
            self.ranges[0][0] = low


def _low(bounds: list[int]) -> int:
    return bounds[0]
