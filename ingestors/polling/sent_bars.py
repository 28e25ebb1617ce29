"""Which bars a polled source has sent: where each of its series ends, and what was said of its newest bars. Pure."""

from collections.abc import Collection
from typing import Literal

from schemas.bar_content import content_of
from schemas.bars import ProviderBar

OVERLAP_BARS = 10  # known ones that are asked for again: an answer without any row is then never right
SeriesKey = tuple[str, str]  # symbol, timeframe
Standing = Literal["new", "late", "restated", "known", "unknown"]


class SentBars:
    """kept: bars of a series that are remembered, the newest."""

    def __init__(self, kept: int) -> None:
        self._kept = max(kept, OVERLAP_BARS + 1)
        self._sent: dict[SeriesKey, dict[int, tuple[int, bytes]]] = {}

    def newest_ns(self, key: SeriesKey) -> int | None:
        """Where the newest bar begins; None: there is none."""
        return max(self._sent.get(key, ()), default=None)

    def standing(self, bar: ProviderBar) -> Standing:
        """`new`: later than all; `late`: one that was left out among those that are remembered; `restated`: other than it was sent; `known`: as it was
        sent; `unknown`: older than what is remembered."""
        sent = self._sent.get(_key(bar), {})
        if bar.ts_open_ns in sent:
            return "known" if sent[bar.ts_open_ns][1] == content_of(bar) else "restated"
        if bar.ts_open_ns > max(sent, default=-1):
            return "new"
        return "late" if bar.ts_open_ns > min(sent) else "unknown"

    def take(self, bar: ProviderBar) -> None:
        """It was sent. Of several statements about one interval the latest holds, in whichever order they are taken."""
        sent = self._sent.setdefault(_key(bar), {})
        known_at_ns, _ = sent.get(bar.ts_open_ns, (-1, b""))
        if bar.known_at_ns >= known_at_ns:
            sent[bar.ts_open_ns] = (bar.known_at_ns, content_of(bar))
        if len(sent) > self._kept:
            del sent[min(sent)]

    def holds(self, wanted: Collection[SeriesKey]) -> bool:
        """Of each series as many bars as a question reaches back, so that whatever it finds changed is seen."""
        return all(len(self._sent.get(key, ())) > OVERLAP_BARS for key in wanted)


def _key(bar: ProviderBar) -> SeriesKey:
    return bar.symbol, bar.timeframe
