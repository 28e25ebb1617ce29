"""What is remembered of one series of a provider's bars, and what one bar does to it."""

from bisect import insort
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct, field, structs

from processors.bars.expected import expected_opens
from processors.bars.provider_gaps import BarHole, fill_holes, open_hole
from processors.bars.provider_revisions import Revisions
from processors.bars.provider_rules import Actions, Finding, of_dividends, of_steps
from processors.bars.reigns import Reign, reign_at
from schemas.bars import ProviderBar
from schemas.gaps import Gap, GapCause
from schemas.reasons import CATALOGUE, Reason
from schemas.sessions import Calendar
from schemas.sources import PrimaryChange
from schemas.timeframes import Timeframe

KEPT_BARS = 16  # the newest ones: a revised bar is compared with the one before it, too; and a new primary source tells again what the former one lacked
KEPT_SPLITS = 16
MAX_REFUSED = 20  # bars in a row at another scale; the next one is believed


class Verdict(NamedTuple):
    """What became of a bar. refused: why it is a dead letter, else None. dropped: why it is not published, else None. bar: as it is published, if it is. gaps: events
    that it caused."""

    refused: Finding | None = None
    dropped: Reason | None = None
    bar: ProviderBar | None = None
    gaps: tuple[Gap, ...] = ()


class ProviderSeries(Struct, array_like=True):
    """bars: the newest published ones by time. splits: declared, by the open of the bar at which each takes effect. holes: open ones, oldest first.

    refused: where bars that were refused since the newest accepted one begin. revisions: what was published of the newest intervals. reigns: whether its bars
    are the symbol's primary ones, oldest first; none: they are as they came.
    """

    bars: list[ProviderBar] = []
    splits: dict[int, str] = {}
    holes: list[BarHole] = []
    refused: list[int] = []
    revisions: Revisions = field(default_factory=Revisions)
    reigns: list[Reign] = []

    def adopt(self) -> None:
        """Fits a series that was stored before revisions were: of older bars than its newest nothing is known."""
        if self.bars and not self.revisions.published:
            self.revisions.forgotten_ns = self.bars[0].ts_open_ns
            for bar in self.bars:
                self.revisions.keep(bar, KEPT_BARS)

    def refuse(self, bar: ProviderBar) -> None:
        """A bar that is wrong by itself: where it was the only one, it is missing."""
        if bar.ts_open_ns not in self.refused:
            self.refused = [*self.refused, bar.ts_open_ns][-MAX_REFUSED:]

    def take(self, bar: ProviderBar, calendar: Calendar, history_bars: int) -> Verdict:
        """Compares the bar with what was published of its interval, and with the accepted one before it. One whose step is of a factor of 100 is refused,
        and with it those that follow at that scale: which side is wrong cannot be told, so the known one holds, until MAX_REFUSED bars in a row have
        said otherwise. history_bars: intervals that can be revised."""
        self._learn_splits(bar)
        revision, dropped = self.revisions.judge(bar)
        if revision is None:
            return Verdict(dropped=dropped, gaps=tuple(self._behind(bar)) if dropped is Reason.BEHIND_HISTORY else ())
        before = next((known for known in reversed(self.bars) if known.ts_open_ns < bar.ts_open_ns), None)
        found = list(self._findings(before, bar)) if before else []
        wrong = next((finding for finding in found if CATALOGUE[finding.reason].weight == 1), None)
        if wrong and len(self.refused) < MAX_REFUSED:
            self.refuse(bar)
            return Verdict(refused=wrong)
        gaps = self._continuity(bar, calendar)
        odd = [finding.reason for finding in found]
        if gaps and gaps[0].state == "open":
            odd.append(Reason.MISSING_INTERVAL)
        told = self._judged(bar, revision, odd)
        self._keep(told)
        self.revisions.keep(told, history_bars)
        return Verdict(bar=told, gaps=tuple(gaps))

    def closed_until_ns(self) -> int:
        """Where its newest bar ends, 0 before the first. One that begins after it was known, by a provider's fault, would leave all until then to it."""
        return next((bar.ts_close_ns for bar in reversed(self.bars) if bar.ts_open_ns <= bar.known_at_ns), 0)

    def known_from_ns(self) -> int:
        """Where its oldest kept bar begins; 0 while all of them are kept."""
        return self.bars[0].ts_open_ns if len(self.bars) >= KEPT_BARS else 0

    def told_again(self, from_ns: int, change: PrimaryChange) -> list[ProviderBar]:
        """The kept bars that begin there or later and count as others now: the next revisions."""
        again = []
        for bar in [bar for bar in self.bars if bar.ts_open_ns >= from_ns]:
            primary, epoch = self._label(bar)
            if primary == bar.primary:
                continue
            revision = self.revisions.next(bar)
            known_at_ns = max(bar.known_at_ns, change.known_at_ns)
            told = structs.replace(bar, primary=primary, primary_epoch=epoch, revision=revision, known_at_ns=known_at_ns)
            self._keep(told)
            again.append(told)
        return again

    def _label(self, bar: ProviderBar) -> tuple[bool, int]:
        """(primary, epoch). Of bars before the first reign that is remembered, another source's were primary."""
        return reign_at(self.reigns, bar.ts_open_ns, (False, 0)) if self.reigns else (bar.primary, bar.primary_epoch)

    def _judged(self, bar: ProviderBar, revision: int, odd: list[Reason]) -> ProviderBar:
        """As it is published."""
        primary, epoch = self._label(bar)
        lost = sum(CATALOGUE[reason].weight for reason in set(odd))
        return structs.replace(
            bar,
            revision=revision,
            reasons=tuple(sorted({*bar.reasons, *(reason.value for reason in odd)})) if odd else bar.reasons,
            quality=max(0.0, round(bar.quality - lost, 6)) if odd else bar.quality,
            primary=primary,
            primary_epoch=epoch,
        )

    def _behind(self, bar: ProviderBar) -> list[Gap]:
        """What the provider says now of a bar that is too old to be revised is missing, until the bar comes under a revision of its own."""
        if any(bar.ts_open_ns in hole.missing for hole in self.holes):
            return []
        return open_hole(self.holes, BarHole(bar.ts_open_ns, bar.ts_close_ns, 1, [bar.ts_open_ns], "dropped"), bar)

    def _learn_splits(self, bar: ProviderBar) -> None:
        if bar.actions is not None and bar.actions.splits:
            known = self.splits | dict(bar.actions.splits)
            self.splits = {opens: known[opens] for opens in sorted(known)[-KEPT_SPLITS:]}

    def _findings(self, before: ProviderBar, bar: ProviderBar) -> Iterator[Finding]:
        """Prices are adjusted to each other within one answer of the provider only: what came at another time was right at that time."""
        actions, of_one_answer = bar.actions, before.known_at_ns == bar.known_at_ns
        adjusted = {
            one.ts_open_ns: Decimal(one.actions.adjusted_close) for one in (before, bar) if one.actions and one.actions.adjusted_close
        }
        said = Actions(
            splits={opens: Decimal(split) for opens, split in self.splits.items()},
            dividends={bar.ts_open_ns: Decimal(actions.dividend)} if actions and actions.dividend else {},
            adjusted_closes=adjusted if of_one_answer else {},
            splits_adjusted=of_one_answer and (actions is None or actions.splits_adjusted),
        )
        yield from of_steps((before, bar), said)
        yield from of_dividends((before, bar), said)

    def _continuity(self, bar: ProviderBar, calendar: Calendar) -> list[Gap]:
        newest = self.bars[-1] if self.bars else None
        if newest is None or bar.ts_open_ns <= newest.ts_open_ns:
            return fill_holes(self.holes, bar)
        missing = expected_opens(calendar, Timeframe(bar.timeframe), newest.ts_close_ns, bar.ts_open_ns)
        refused = sum(newest.ts_open_ns < opens < bar.ts_open_ns for opens in self.refused)
        self.refused = []
        if not missing:
            return []
        cause: GapCause = "dead_letter" if refused >= len(missing) else "sequence"
        return open_hole(self.holes, BarHole(newest.ts_close_ns, bar.ts_open_ns, len(missing), missing, cause), bar)

    def _keep(self, bar: ProviderBar) -> None:
        """In the place of an earlier revision of it."""
        self.bars = [known for known in self.bars if known.ts_open_ns != bar.ts_open_ns]
        insort(self.bars, bar, key=lambda known: known.ts_open_ns)
        del self.bars[:-KEPT_BARS]
