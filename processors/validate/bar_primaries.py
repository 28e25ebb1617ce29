"""Moves the primary source of bars that providers build, at their offers: by the rule of `primary.py`, a series (symbol and timeframe) at a time.

A symbol of which a stream sends ticks has bars that are built of those: then no provider's are primary. What is decided is written to market.bars.raw, where
the stage `bars` reads it in the order of the bars, and a change to market.sources too.
"""

from collections.abc import Iterator

from msgspec import Struct, convert

from processors.state import Series
from processors.validate.all_series import AllSeries
from processors.validate.bar_rivals import BarKey, BuiltBars, Offered, Offers, Sources
from processors.validate.limits import Limits
from processors.validate.primary import Candidate, Choice, choose
from processors.validate.reaches import Reach, Reaches
from runtime.metrics import PRIMARY_CHANGES
from runtime.stage import Output
from schemas.codec import encode
from schemas.headers import TYPE
from schemas.sources import BarOffer, PrimaryChange
from schemas.ticks import Watermark
from schemas.timeframes import DAY_NS
from schemas.topics import Topic

_PRIMARY = {TYPE: b"primary"}
_TOLD_AGAIN_NS = DAY_NS  # market.bars.raw is kept for a week: who reads it from its start finds out


class BarCrown(Struct, array_like=True):
    """The primary source of one series of bars. told_ns: clock of the offer at which that was written last."""

    source: str
    epoch: int = 0
    told_ns: int = 0


class BarPrimaries:
    """State: what is offered, how far each source has come, and who is primary."""

    def __init__(self, all_series: AllSeries, limits: Limits, built: BuiltBars) -> None:
        self._all_series = all_series
        self._built = built
        self._offers = Offers()
        self._reaches = Reaches(limits.lost_ns, limits.settle_ns)
        self._crowns: Series[BarCrown] = Series()
        self._standings: dict[Sources, list[Candidate]] = {}  # as of the offer at hand: the same for all series that the same sources offer

    def hear_stream(self, watermark: Watermark) -> None:
        """One of a source whose ticks build bars: it is there."""
        if watermark.source not in self._built.provider_sources:
            self._reaches.hear(watermark)

    def hear(self, offer: BarOffer) -> list[Output]:
        """What this offer decides, by symbol and timeframe; the first choice of a series, and once a day each as it stands."""
        if offer.source not in self._built.provider_sources:
            return []  # nobody would publish its bars
        is_new = self._offers.take(offer)
        if not (self._reaches.hear(offer) or is_new):
            return []
        self._standings.clear()
        return [output for key, sources in self._offers.rivals() for output in self._judge(key, sources, offer)]

    def pack(self) -> bytes:
        return self._crowns.pack(offers=self._offers, reaches=self._reaches)

    def unpack(self, snapshot: bytes) -> None:
        more = self._crowns.unpack(snapshot, BarCrown)
        self._offers.update(convert(more["offers"], dict[str, Offered]))
        self._offers.arrange()
        self._reaches.update(convert(more["reaches"], dict[str, Reach]))

    def _judge(self, key: BarKey, sources: Sources, offer: BarOffer) -> Iterator[Output]:
        crown = self._crowns.get(key)
        choice = self._choice(key, sources, crown.source if crown else "")
        if choice is None:
            if crown and offer.ts_ingest_ns - crown.told_ns >= _TOLD_AGAIN_NS:
                yield from self._crown(key, Choice(crown.source, "first"), crown.source, crown.epoch, offer)
            return
        yield from self._crown(key, choice, crown.source if crown else "", crown.epoch + 1 if crown else 0, offer)

    def _choice(self, key: BarKey, sources: Sources, former: str) -> Choice | None:
        streams = self._built.streams(key, self._all_series, self._reaches, sources)
        if streams:
            return None if former in streams else Choice(streams[0], "streamed" if former else "first")
        candidates = self._standings.get(sources) or self._stand(sources)
        if former:
            return choose(former, candidates)
        best = min(candidates, key=lambda one: (one.is_lost, one.priority, one.source))
        return Choice(best.source, "first")

    def _stand(self, sources: Sources) -> list[Candidate]:
        self._standings[sources] = [self._candidate(source, sources) for source in sources]
        return self._standings[sources]

    def _candidate(self, source: str, sources: Sources) -> Candidate:
        reach = self._reaches[source]
        settled = self._reaches.is_settled(source, reach.event_ns)
        return Candidate(source, reach.priority, is_lost=self._reaches.is_lost(source, sources), is_settled=settled)

    def _crown(self, key: BarKey, choice: Choice, former: str, epoch: int, offer: BarOffer) -> Iterator[Output]:
        symbol, timeframe = key
        self._crowns[key] = BarCrown(choice.source, epoch, offer.ts_ingest_ns)
        self._crowns.touch(key)
        change = PrimaryChange(
            symbol=symbol,
            source=choice.source,
            previous="" if choice.reason == "first" else former,
            primary_epoch=epoch,
            reason=choice.reason,
            heard_ns=self._heard_ns(symbol, former),
            ts_event_ns=offer.ts_event_ns,
            known_at_ns=offer.ts_ingest_ns,
            timeframe=timeframe,
        )
        yield Output(Topic.BARS_RAW, encode(change), symbol.encode(), _PRIMARY)
        if change.previous:
            PRIMARY_CHANGES.labels(choice.source, choice.reason).inc()
            yield Output(Topic.SOURCES, encode(change), symbol.encode(), _PRIMARY)

    def _heard_ns(self, symbol: str, source: str) -> int:
        """Ticks of a source that sends bars draw no line between bars."""
        if source in self._built.provider_sources:
            return 0
        return next((series.heard_ns for other, series in self._all_series.of(symbol) if other == source), 0)
