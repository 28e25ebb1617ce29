"""One envelope on its way through `validate`."""

from processors.gap_events import gap_output
from processors.validate import silence
from processors.validate.all_series import AllSeries
from processors.validate.counts import counts_of
from processors.validate.latencies import MAX_WAITING
from processors.validate.limits import Limits
from processors.validate.reading import read
from processors.validate.rules import Fault
from processors.validate.series import TickSeries
from processors.validate.sources import compare
from runtime.dead_letters import letter_of
from runtime.stage import InputRecord, Output
from schemas.codec import encode
from schemas.gaps import Gap
from schemas.headers import CONTIGUOUS, SYMBOLS, TYPE
from schemas.reasons import Reason
from schemas.ticks import Tick, TickEnvelope, Trade
from schemas.topics import Topic

_DEAD_LETTER = {TYPE: b"dead_letter"}


class EnvelopePass:
    """Made for one envelope, asked once."""

    def __init__(self, all_series: AllSeries, limits: Limits, stage: str, record: InputRecord, envelope: TickEnvelope) -> None:
        self._all_series = all_series
        self._limits = limits
        self._stage = stage
        self._record = record
        self._envelope = envelope
        self._here: dict[str, TickSeries] = {}  # symbols of this envelope: a look-up by symbol alone is cheaper than one by the pair
        self._kept: list[Tick] = []
        self._gaps: list[Gap] = []
        self._letters: list[Output] = []
        self._duplicates = 0

    def outputs(self) -> list[Output]:
        """The good ticks, gap events, dead letters."""
        ticks = self._envelope.ticks
        self._sort_out(ticks)
        self._settle()
        counts_of(self._stage, self._envelope.source).envelope(len(ticks), self._kept, self._duplicates)
        outputs = [gap_output(gap) for gap in self._gaps] + self._letters
        if self._kept:
            outputs.insert(0, self._kept_envelope())
        return outputs

    def _sort_out(self, ticks: list[Tick]) -> None:
        keep, here, enter, limits = self._kept.append, self._here.get, self._enter, self._limits
        source, contiguous = self._envelope.source, self._envelope.trade_ids_contiguous
        faults, of_trades, of_quotes = read(ticks, limits.ahead_ns)
        for index, tick in enumerate(ticks):
            series = here(tick.symbol) or enter(tick)
            if index in faults:
                self._bury(index, tick, series, faults[index])
                continue
            numbers = next(of_trades) if isinstance(tick, Trade) else next(of_quotes)
            if series is None:
                self._bury(index, tick, series, (Reason.INVALID_FIELD, f"symbol {tick.symbol[:64]!r} is no canonical symbol"))
            elif isinstance(tick, Trade):
                gaps = series.take_trade(tick, numbers, source, contiguous, limits)
                if gaps is None:
                    self._duplicates += 1
                    continue
                keep(tick)
                if gaps:
                    self._tell(gaps, series)
            elif series.take_quote(tick, numbers, limits):
                keep(tick)
            else:
                self._duplicates += 1

    def _enter(self, tick: Tick) -> TickSeries | None:
        series = self._all_series.enter(tick.symbol, self._envelope.source, tick.primary)
        if series is not None:
            self._here[tick.symbol] = series
        return series

    def _tell(self, gaps: list[Gap], series: TickSeries) -> None:
        self._gaps += gaps
        series.tally.gaps += sum(gap.state == "open" for gap in gaps)

    def _settle(self) -> None:
        source, others_of = self._envelope.source, self._all_series.others
        for symbol, series in self._here.items():
            if series.silent_from_ns:
                self._end_silence(symbol, series)
            others = others_of(symbol, source)
            if others:
                trades = [tick for tick in self._kept if isinstance(tick, Trade) and tick.symbol == symbol]
                compare(trades, series, others, self._limits)
            if series.primary_epoch or not series.primary:
                self._stamp(symbol, series)
            if len(series.latencies) >= MAX_WAITING:
                series.fold()
        self._all_series.touch_all([(symbol, source) for symbol in self._here])

    def _stamp(self, symbol: str, series: TickSeries) -> None:
        for tick in self._kept:
            if tick.symbol == symbol:
                tick.primary, tick.primary_epoch = series.primary, series.primary_epoch

    def _end_silence(self, symbol: str, series: TickSeries) -> None:
        first = next((tick for tick in self._kept if tick.symbol == symbol), None)
        if first is not None:
            self._gaps.append(silence.ended(first, self._envelope.source, series, self._envelope.trade_ids_contiguous))

    def _bury(self, index: int, tick: Tick, series: TickSeries | None, fault: Fault) -> None:
        record = self._record
        reason, error = fault
        if series is not None:
            series.tally.refuse(reason.value)
            if isinstance(tick, Trade) and self._envelope.trade_ids_contiguous:
                series.lose(tick)
        letter = letter_of(
            self._stage, record, reason, error, payload=encode(tick), ts_ns=tick.ts_ingest_ns, index=index, source=self._envelope.source
        )
        if self._envelope.trade_ids_contiguous:
            letter.headers[CONTIGUOUS] = "1"
        self._letters.append(Output(Topic.DLQ, encode(letter), tick.symbol.encode(), _DEAD_LETTER))

    def _kept_envelope(self) -> Output:
        self._envelope.ticks = self._kept  # the decoded envelope is ours: filling it is cheaper than building another
        symbols = ",".join(dict.fromkeys([tick.symbol for tick in self._kept]))
        return Output(Topic.TICKS, encode(self._envelope), None, {TYPE: b"ticks", SYMBOLS: symbols.encode()})
