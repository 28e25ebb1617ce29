"""Which revision a provider's bar is. A provider only says what it has now; what was published of the interval before is known here.

A bar is news if it says something else than what was last published of its interval, and says so later: at a later `known_at_ns`, or under a revision of its
own (as an import or a backfill has it from the tables). So an earlier statement that comes again, as by a repeat of the log, changes nothing back.
"""

from bisect import bisect_left
from typing import NamedTuple

from msgspec import Struct

from schemas.bar_content import content_of
from schemas.bars import ProviderBar
from schemas.reasons import Reason


class Published(Struct, array_like=True):
    """What was published of one interval: its revision, a digest of what it says, and since when that has been said."""

    ts_open_ns: int
    revision: int
    content: bytes
    known_at_ns: int

    @classmethod
    def of(cls, bar: ProviderBar) -> "Published":
        return cls(bar.ts_open_ns, bar.revision, content_of(bar), bar.known_at_ns)


class Judgement(NamedTuple):
    """revision: to be published under; None: the bar is dropped for this reason."""

    revision: int | None
    dropped: Reason | None = None


class Revisions(Struct, array_like=True):
    """published: of the newest intervals, oldest first. forgotten_ns: what was published of intervals that begin before it is no longer known."""

    published: list[Published] = []
    forgotten_ns: int = 0

    def judge(self, bar: ProviderBar) -> Judgement:
        """Changes nothing but since when the same has been said."""
        known = self._known(bar.ts_open_ns)
        if known is None:
            is_too_old = bar.again and bar.ts_open_ns < self.forgotten_ns
            return Judgement(None, Reason.BEHIND_HISTORY) if is_too_old else Judgement(bar.revision)
        if content_of(bar) == known.content:
            known.known_at_ns = max(known.known_at_ns, bar.known_at_ns)
            return Judgement(None, Reason.DUPLICATE)
        if bar.known_at_ns <= known.known_at_ns and bar.revision <= known.revision:
            return Judgement(None, Reason.DUPLICATE)
        return Judgement(max(bar.revision, known.revision + 1))

    def keep(self, bar: ProviderBar, most: int) -> None:
        """The bar is published as it is here. most: intervals that are remembered."""
        if bar.ts_open_ns < self.forgotten_ns:
            return
        at = self._place(bar.ts_open_ns)
        self.published[at : at + (self._known(bar.ts_open_ns) is not None)] = [Published.of(bar)]
        if len(self.published) > most:
            del self.published[:-most]
            self.forgotten_ns = self.published[0].ts_open_ns

    def next(self, bar: ProviderBar) -> int:
        """The revision under which a published bar is told again, of which no number changed. Of one that is forgotten: the one behind its own."""
        known = self._known(bar.ts_open_ns)
        if known is None:
            return bar.revision + 1
        known.revision += 1
        return known.revision

    def _place(self, ts_open_ns: int) -> int:
        return bisect_left(self.published, ts_open_ns, key=lambda one: one.ts_open_ns)

    def _known(self, ts_open_ns: int) -> Published | None:
        at = self._place(ts_open_ns)
        return self.published[at] if at < len(self.published) and self.published[at].ts_open_ns == ts_open_ns else None
