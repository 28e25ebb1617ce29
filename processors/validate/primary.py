"""Which source of a symbol is its primary one: the rule. Pure: the same facts give the same choice."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.sources import PrimaryReason


class Candidate(NamedTuple):
    """What is known of one source of a symbol.

    is_lost: nothing comes from it. is_quiet: it sends nothing of this symbol, while others do. is_settled: it has been there for long enough.
    """

    source: str
    priority: int
    is_lost: bool = False
    is_quiet: bool = False
    is_settled: bool = True

    @property
    def is_fresh(self) -> bool:
        return not (self.is_lost or self.is_quiet)


class Choice(NamedTuple):
    """Another source, and why."""

    source: str
    reason: PrimaryReason


def choose(primary: str, candidates: Iterable[Candidate]) -> Choice | None:
    """None: it stays as it is. A primary that is not fresh gives way at once, to one that has settled if there is one; a fresh one only to a settled one
    of a better priority. Nothing changes while no candidate is fresh."""
    known = {one.source: one for one in candidates}
    own = known.get(primary)
    fresh = [one for one in known.values() if one.is_fresh and one.source != primary]
    if own is not None and own.is_fresh:
        fresh = [one for one in fresh if one.is_settled and one.priority < own.priority]
    if not fresh:
        return None
    best = min(fresh, key=lambda one: (not one.is_settled, one.priority, one.source))
    return Choice(best.source, _reason(own))


def _reason(own: Candidate | None) -> PrimaryReason:
    if own is None or own.is_lost:
        return "lost"
    return "quiet" if own.is_quiet else "preferred"
