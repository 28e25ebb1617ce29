"""One partition of the stage `validate`: one envelope in, one envelope out, with gaps and dead letters beside it; watermarks pass unchanged."""

from collections import Counter
from collections.abc import Iterable

from processors.decoding import decoded
from processors.state import Series
from processors.validate.gaps import OpenGap
from processors.validate.ids import SeenIds
from processors.validate.rules import Fault, envelope_fault, fault_of, is_symbol, watermark_fault
from processors.validate.series import TickSeries
from processors.validate.windows import Windows, quality_of
from runtime.dead_letters import dead_letter
from runtime.errors import InvalidRecord
from runtime.metrics import DROPPED, GAPS, QUALITY, TICKS_IN, TICKS_OUT
from runtime.records import trace_of
from runtime.settings import QualitySettings
from runtime.stage import InputRecord, Output
from schemas.codec import decode_ticks, encode
from schemas.gaps import Gap
from schemas.headers import SYMBOLS, TYPE
from schemas.reasons import Reason
from schemas.ticks import Tick, TickEnvelope, Trade, Watermark
from schemas.topics import Topic

STAGE = "validate"
_WATERMARK = {TYPE: b"watermark"}
_GAP = {TYPE: b"gap"}
_DEAD_LETTER = {TYPE: b"dead_letter"}
DEFAULTS = QualitySettings()


class ValidateCore:
    """State: a TickSeries per (symbol, source), and when each source's window of quality began. See runtime.stage.StageCore for the contract."""

    def __init__(self, settings: QualitySettings = DEFAULTS) -> None:
        self._series: Series[TickSeries] = Series()
        self._windows = Windows(settings.interval_s)

    def apply(self, record: InputRecord) -> Iterable[Output]:
        """The envelope's good ticks in their order, then gap events, then dead letters; or the watermark, then quality records."""
        event = decoded(decode_ticks, record.value)
        if isinstance(event, Watermark):
            _refuse(watermark_fault(event))
            return [Output(Topic.TICKS, record.value, None, _WATERMARK), *self._advance(event)]
        _refuse(envelope_fault(event))
        return _Pass(self._series, record, event).outputs()

    def _advance(self, watermark: Watermark) -> Iterable[Output]:
        window = self._windows.end(watermark)
        return quality_of(self._series, watermark.source, window) if window else ()

    def snapshot(self) -> bytes:
        return self._series.pack(windows=self._windows.begun)

    def restore(self, snapshot: bytes) -> None:
        self._windows.begun = self._series.unpack(snapshot, TickSeries).get("windows", {})


def _refuse(fault: Fault | None) -> None:
    if fault:
        raise InvalidRecord(*fault)


class _Pass:
    """One envelope on its way through."""

    def __init__(self, series: Series[TickSeries], record: InputRecord, envelope: TickEnvelope) -> None:
        self._series = series
        self._record = record
        self._envelope = envelope
        self._here: dict[str, TickSeries] = {}  # symbols of this envelope: a look-up by symbol alone is cheaper than one by the pair
        self._kept: list[Tick] = []
        self._gaps: list[Gap] = []
        self._letters: list[Output] = []
        self._duplicates = 0

    def outputs(self) -> list[Output]:
        ticks = self._envelope.ticks
        self._sort_out(ticks)
        self._settle()
        self._count(len(ticks))
        outputs = [Output(Topic.GAPS, encode(gap), gap.symbol.encode(), _GAP) for gap in self._gaps] + self._letters
        if self._kept:
            outputs.insert(0, self._kept_envelope())
        return outputs

    def _sort_out(self, ticks: list[Tick]) -> None:
        keep, here, enter = self._kept.append, self._here.get, self._enter
        source, contiguous = self._envelope.source, self._envelope.trade_ids_contiguous
        for index, tick in enumerate(ticks):
            fault = fault_of(tick)
            series = here(tick.symbol) or enter(tick.symbol)
            if fault or series is None:
                self._bury(index, tick, series, fault or (Reason.INVALID_FIELD, f"symbol {tick.symbol[:64]!r} is no canonical symbol"))
            elif isinstance(tick, Trade):
                gaps = series.take_trade(tick, source, contiguous)
                if gaps is None:
                    self._duplicates += 1
                    continue
                keep(tick)
                if gaps:
                    self._gaps += gaps
                    series.tally.gaps += sum(gap.state == "open" for gap in gaps)
            elif series.take_quote(tick):
                keep(tick)
            else:
                self._duplicates += 1

    def _settle(self) -> None:
        source = self._envelope.source
        for series in self._here.values():
            series.settle()
        self._series.touch_all([(symbol, source) for symbol in self._here])

    def _enter(self, symbol: str) -> TickSeries | None:
        """The symbol's series, made if it is new; None if that is no symbol."""
        key = (symbol, self._envelope.source)
        series = self._series.get(key)
        if series is None:
            if not is_symbol(symbol):
                return None
            series = self._series[key] = TickSeries(SeenIds(), list[OpenGap]())
        self._here[symbol] = series
        return series

    def _bury(self, index: int, tick: Tick, series: TickSeries | None, fault: Fault) -> None:
        record = self._record
        reason, error = fault
        if series is not None:
            series.tally.refuse(reason.value)
        letter = dead_letter(
            stage=STAGE,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            index=index,
            reason=reason,
            error=error,
            payload=encode(tick),
            ts_ns=tick.ts_ingest_ns,
            headers=record.headers,
            source=self._envelope.source,
            trace=trace_of(record),
        )
        self._letters.append(Output(Topic.DLQ, encode(letter), tick.symbol.encode(), _DEAD_LETTER))

    def _kept_envelope(self) -> Output:
        self._envelope.ticks = self._kept  # the decoded envelope is ours: filling it is cheaper than building another
        symbols = ",".join(dict.fromkeys([tick.symbol for tick in self._kept]))
        return Output(Topic.TICKS, encode(self._envelope), None, {TYPE: b"ticks", SYMBOLS: symbols.encode()})

    def _count(self, ticks_in: int) -> None:
        source, kept = self._envelope.source, self._kept
        TICKS_IN.labels(STAGE, source).inc(ticks_in)
        if kept:
            TICKS_OUT.labels(STAGE, source).inc(len(kept))
            QUALITY.labels(STAGE, source).set(sum([tick.quality for tick in kept]) / len(kept))
        if self._duplicates:
            DROPPED.labels(STAGE, Reason.DUPLICATE.value).inc(self._duplicates)
        for (channel, state), number in Counter((gap.channel, gap.state) for gap in self._gaps).items():
            GAPS.labels(source, channel, state).inc(number)
