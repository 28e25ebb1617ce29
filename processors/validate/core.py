"""One partition of the stage `validate`: one envelope in, one envelope out, with gaps and dead letters beside it; watermarks pass unchanged; offers of bars
decide whose bars are the primary ones."""

from collections.abc import Iterable

from msgspec import convert

from processors.decoding import decoded
from processors.gap_events import gap_output
from processors.validate import silence
from processors.validate.all_series import AllSeries
from processors.validate.bar_primaries import BarPrimaries
from processors.validate.bar_rivals import BuiltBars
from processors.validate.envelope import EnvelopePass
from processors.validate.failover import Failover, events, passed_on
from processors.validate.limits import DEFAULTS, Limits
from processors.validate.reaches import Reach
from processors.validate.rules import Fault, envelope_fault, offer_fault, watermark_fault
from processors.validate.windows import Windows, quality_of
from runtime.errors import InvalidRecord
from runtime.stage import InputRecord, Output
from schemas.codec import decode_raw_ticks
from schemas.headers import TYPE
from schemas.sources import BarOffer
from schemas.ticks import Watermark
from schemas.topics import Topic

STAGE = "validate"
_WATERMARK = {TYPE: b"watermark"}


class ValidateCore:
    """State: a TickSeries per (symbol, source), when each source's window of quality began, how far each source has come, and BarPrimaries'. See
    runtime.stage.StageCore for the contract."""

    def __init__(self, limits: Limits = DEFAULTS, built: BuiltBars = BuiltBars()) -> None:  # noqa: B008
        self._limits = limits
        self._series = AllSeries()
        self._windows = Windows(limits.interval_ns)
        self._failover = Failover(self._series, limits, built)
        self._bars = BarPrimaries(self._series, limits, built)

    def apply(self, record: InputRecord) -> Iterable[Output]:
        """The envelope's good ticks in their order, then gap events, then dead letters; or the watermark, then changes of primary that it decides, silences that it finds, quality records.
        Or whose bars are primary from an offer on."""
        event = decoded(decode_raw_ticks, record.value)
        if isinstance(event, Watermark):
            _refuse(watermark_fault(event, self._limits.ahead_ns))
            changes = self._failover.hear(event)
            self._bars.hear_stream(event)
            passed = Output(Topic.TICKS, passed_on(event, record.value, changes), None, _WATERMARK)
            return [passed, *events(changes), *self._advance(event)]
        if isinstance(event, BarOffer):
            _refuse(offer_fault(event, self._limits.ahead_ns))
            return self._bars.hear(event)
        _refuse(envelope_fault(event))
        return EnvelopePass(self._series, self._limits, STAGE, record, event).outputs()

    def _advance(self, watermark: Watermark) -> list[Output]:
        window = self._windows.end(watermark)
        if not window:
            return []
        gaps = [gap_output(gap) for gap in silence.begun(self._series, watermark, self._limits)]
        return [*gaps, *quality_of(self._series, watermark.source, window)]

    def snapshot(self) -> bytes:
        return self._series.pack(windows=self._windows.begun, reaches=self._failover.reaches, bars=self._bars.pack())

    def restore(self, snapshot: bytes) -> None:
        more = self._series.unpack(snapshot)
        self._windows.begun = more.get("windows", {})
        self._failover.reaches.update(convert(more.get("reaches", {}), dict[str, Reach]))
        if "bars" in more:
            self._bars.unpack(more["bars"])


def _refuse(fault: Fault | None) -> None:
    if fault:
        raise InvalidRecord(*fault)
