"""The newest letters of many, in memory for no more than those."""

import heapq
from collections import Counter
from collections.abc import Iterable

from tickerplant.dead_letters.reader import StoredLetter
from tickerplant.dead_letters.show import reason_of


def newest_of(letters: Iterable[StoredLetter], limit: int) -> tuple[list[StoredLetter], Counter[str]]:
    """(the newest `limit` by broker time, oldest of them first; all counted by reason)."""
    counts: Counter[str] = Counter()
    kept: list[tuple[tuple[int, int, int], StoredLetter]] = []
    for stored in letters:
        counts[reason_of(stored)] += 1
        heapq.heappush(kept, ((stored.timestamp_ms, stored.partition, stored.offset), stored))
        if len(kept) > limit:
            heapq.heappop(kept)
    return [stored for _, stored in sorted(kept, key=lambda item: item[0])], counts
