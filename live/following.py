"""One selection's series, and where each of them stands: from connection to connection. Pure."""

from typing import Any, Literal

from live.decode import Head
from live.selection import ANY, Selection, names

Series = tuple[str, str | None, str]  # symbol, source (None: the primary's), timeframe
Step = Literal["deliver", "drop", "rejoin"]


class Following:
    """id: of its subscribe actions. A message is followed only between an answer to `subscribe` and the next loss of the chain."""

    def __init__(self, selection: Selection, number: int) -> None:
        self.id = f"s{number}"
        self.channel = selection.channel
        self.was_accepted = False
        self._selection = selection
        self._epoch = ""
        self._positions: dict[Series, str | None] = {}
        self._is_joined = False
        self._wanted: tuple[frozenset[str], frozenset[str] | None, frozenset[str] | None] = (frozenset(), None, None)

    @property
    def is_counted(self) -> bool:
        """False where only the newest message counts, so that a snapshot loses nothing."""
        return self._selection.can_resume

    def action(self) -> dict[str, Any]:
        """Subscribes: from a snapshot, or, where it can, behind the last message of each series. What was subscribed before is followed no more."""
        self._is_joined = False
        body = self._selection.action() | {"id": self.id}
        known = [(series, seq) for series, seq in self._positions.items() if seq is not None]
        if known and self._epoch and self._selection.can_resume:
            body["resume"] = {"epoch": self._epoch, "series": [_named(series, seq) for series, seq in known]}
        return body

    def accepted(self, answer: Head) -> None:
        """The answer to the newest action: from here on no message of the subscription before is on its way."""
        self._is_joined = self.was_accepted = True
        self._wanted = (
            _set(answer.symbol),
            None if answer.source is None else _set(answer.source),
            None if answer.timeframe is None else _set(answer.timeframe),
        )

    def takes(self, head: Head) -> bool:
        """True if the message is of one of its series (whether or not they are followed now)."""
        symbols, sources, timeframes = self._wanted
        return (
            head.channel == self.channel
            and _is_in(head.symbol, symbols)
            and (sources is None or head.source is None or _is_in(head.source, sources))
            and (timeframes is None or _is_in(head.timeframe or "", timeframes))
        )

    def begin(self, head: Head) -> tuple[Step, bool]:
        """A snapshot, or the end of what was missed. Also returns whether the series was known before."""
        if not self._is_joined:
            return "drop", False
        series = self._series(head)
        is_known = series in self._positions
        self._positions[series] = head.seq
        self._epoch = head.epoch
        return "deliver", is_known

    def step(self, head: Head) -> Step:
        """An update, or a notice of what was skipped."""
        series = self._series(head)
        if not self._is_joined:
            return "drop"
        if head.prev != self._positions.get(series):
            return "rejoin"
        if head.type == "skipped" and head.reason == "behind":
            return "rejoin"
        self._positions[series] = head.seq
        self._epoch = head.epoch or self._epoch
        return "deliver"

    def _series(self, head: Head) -> Series:
        assert isinstance(head.symbol, str)
        source = None if self._wanted[1] is None else str(head.source)
        return head.symbol, source, "" if self._wanted[2] is None else str(head.timeframe)


def _named(series: Series, seq: str) -> dict[str, str]:
    symbol, source, timeframe = series
    more = {"source": source, "timeframe": timeframe}
    return {"symbol": symbol, "seq": seq} | {name: value for name, value in more.items() if value}


def _set(given: str | list[str]) -> frozenset[str]:
    return names(given if isinstance(given, str) else tuple(given))


def _is_in(name: str | list[str], wanted: frozenset[str]) -> bool:
    return ANY in wanted or (isinstance(name, str) and name in wanted)
