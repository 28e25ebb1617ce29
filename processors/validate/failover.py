"""Moves the primary source of the symbols of one partition, at watermarks. Only symbols with more than one source are looked at."""

from collections.abc import Iterator

from processors.validate.all_series import AllSeries
from processors.validate.bar_rivals import BuiltBars
from processors.validate.limits import Limits
from processors.validate.primary import Candidate, Choice, choose
from processors.validate.reaches import Reaches
from processors.validate.series import TickSeries
from processors.validate.silence import SPACINGS
from runtime.metrics import PRIMARY_CHANGES
from runtime.stage import Output
from schemas.codec import encode
from schemas.headers import TYPE
from schemas.sources import PrimaryChange
from schemas.ticks import NewPrimary, Watermark
from schemas.topics import Topic

_PRIMARY = {TYPE: b"primary"}
_BEHIND = 2**32  # above all priorities


class Failover:
    """reaches: part of the stage's state. Which source is primary stands in the series."""

    def __init__(self, all_series: AllSeries, limits: Limits, built: BuiltBars) -> None:
        self._all_series = all_series
        self._built = built
        self._quiet_ns = limits.quiet_ns
        self.reaches = Reaches(limits.lost_ns, limits.settle_ns)

    def hear(self, watermark: Watermark) -> list[PrimaryChange]:
        """The changes that this watermark decides, by symbol; the series say so already."""
        if not self.reaches.hear(watermark):
            return []
        return list(self._changes(watermark))

    def _changes(self, watermark: Watermark) -> Iterator[PrimaryChange]:
        for symbol, sources in self._all_series.contested():
            former = next((source for source, series in sources.items() if series.primary), "")
            choice = choose(former, self._candidates(symbol, sources, former))
            if choice:
                yield self._change(symbol, sources, former, choice, watermark)

    def _candidates(self, symbol: str, sources: dict[str, TickSeries], former: str) -> Iterator[Candidate]:
        """Where bars are built of the primary's ticks, one of whose ticks none are could not take its place; nor does such a one keep it from another."""
        building = {source for source, series in sources.items() if self._built.builds(symbol, source, series)}
        lost = {source for source in sources if self.reaches.is_lost(source, sources)}
        living = [(source, series.heard_ns) for source, series in sources.items() if source not in lost]
        for source, series in sources.items():
            if former in building and source not in building:
                continue
            if source not in self.reaches:
                yield Candidate(source, 0, is_lost=True)
                continue
            newest_ns = max((heard_ns for other, heard_ns in living if other != source), default=0)
            yield Candidate(
                source,
                self.reaches[source].priority + (0 if source in building else _BEHIND),
                is_lost=source in lost,
                is_quiet=self._is_quiet(series, newest_ns),
                is_settled=self.reaches.is_settled(source, series.heard_ns),
            )

    def _is_quiet(self, series: TickSeries, newest_ns: int) -> bool:
        """By its own measure, and while another source's ticks show that there is something to tell."""
        usual = series.usual
        if not usual.from_ns:
            return False
        spacing_ns = (usual.to_ns - usual.from_ns) // usual.count
        return newest_ns - series.heard_ns > max(self._quiet_ns, SPACINGS * spacing_ns)

    def _change(self, symbol: str, sources: dict[str, TickSeries], former: str, choice: Choice, watermark: Watermark) -> PrimaryChange:
        epoch = max(series.primary_epoch for series in sources.values()) + 1
        for source, series in sources.items():
            series.primary, series.primary_epoch = source == choice.source, epoch
            self._all_series.touch((symbol, source))
        PRIMARY_CHANGES.labels(choice.source, choice.reason).inc()
        return PrimaryChange(
            symbol=symbol,
            source=choice.source,
            previous=former,
            primary_epoch=epoch,
            reason=choice.reason,
            heard_ns=sources[former].heard_ns if former in sources else 0,
            ts_event_ns=watermark.ts_event_ns,
            known_at_ns=watermark.ts_ingest_ns,
        )


def passed_on(watermark: Watermark, value: bytes, changes: list[PrimaryChange]) -> bytes:
    """The watermark as it leaves the stage; value: as it came, which is kept if nothing changed."""
    if not (changes or watermark.changes):
        return value
    watermark.changes = tuple(NewPrimary(one.symbol, one.source, one.previous, one.primary_epoch) for one in changes)
    return encode(watermark)


def events(changes: list[PrimaryChange]) -> list[Output]:
    """For market.sources."""
    return [Output(Topic.SOURCES, encode(one), one.symbol.encode(), _PRIMARY) for one in changes]
