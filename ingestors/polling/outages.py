"""Questions that fail for long, as gaps: told while they last, and again with what was found when an answer comes. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from schemas.gaps import Gap, GapChannel, GapState


class Asked(NamedTuple):
    """What is asked for again and again. timeframe: of bars, "" for ticks."""

    symbol: str
    channel: GapChannel
    timeframe: str = ""


class Outages:
    """source: of the events. gap_after_ns: a failure of this age is told."""

    def __init__(self, source: str, gap_after_ns: int, known: Iterable[Gap] = ()) -> None:
        self._source = source
        self._gap_after_ns = gap_after_ns
        self._since_ns: dict[Asked, int] = {}  # the last answer before the failure
        self._answered_ns: dict[Asked, int] = {}
        self._open: dict[Asked, Gap] = {}
        for gap in known:
            if gap.state == "open" and gap.cause == "silence" and gap.source == source:
                self._open[_asked_of(gap)] = gap

    def failing(self, asked: Asked) -> bool:
        """It is told as a gap."""
        return asked in self._open

    def open(self) -> list[Asked]:
        """All that is told and not over."""
        return list(self._open)

    def failed(self, asked: Asked, now_ns: int) -> Gap | None:
        """A question was not answered. The gap, when it is to be told."""
        since_ns = self._since_ns.setdefault(asked, self._answered_ns.get(asked, now_ns))
        if asked in self._open or now_ns - since_ns < self._gap_after_ns:
            return None
        name = f"{asked.channel}:{asked.timeframe}" if asked.timeframe else asked.channel
        gap_id = f"{self._source}:{asked.symbol}:{name}:silence:{since_ns}"
        gap = Gap(gap_id, asked.symbol, self._source, asked.channel, "silence", "open", 0, 0, since_ns, now_ns, 0, 0, now_ns)
        self._open[asked] = gap
        return gap

    def answered(self, asked: Asked, now_ns: int, found: int) -> Gap | None:
        """An answer came with so many events of the time in between. The end of a gap that was told. Bars are asked for from where they ended, ticks are not."""
        self._answered_ns[asked] = now_ns
        self._since_ns.pop(asked, None)
        gap = self._open.pop(asked, None)
        if gap is None:
            return None
        state: GapState = "filled" if asked.timeframe else "unfillable"
        filled = found if asked.timeframe else 0
        return Gap(gap.gap_id, gap.symbol, gap.source, gap.channel, gap.cause, state, 0, 0, gap.from_ns, now_ns, gap.size, filled, now_ns)

    def forget(self, symbols: Iterable[str]) -> None:
        """They are not asked for any more."""
        gone = set(symbols)
        for kept in (self._since_ns, self._answered_ns, self._open):
            for asked in [asked for asked in kept if asked.symbol in gone]:
                kept.pop(asked)


def _asked_of(gap: Gap) -> Asked:
    parts = gap.gap_id.split(":")
    return Asked(gap.symbol, gap.channel, parts[3] if gap.channel == "bar" else "")
