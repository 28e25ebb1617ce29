"""One partition of the stage `indicators`: a closed bar in, its record out; a corrected bar in, its record and those of all later bars again."""

import math
from collections.abc import Iterable

from processors.decoding import decoded
from processors.indicators.catalogue import chosen
from processors.indicators.series import BarHistory, PastBar, Step
from processors.indicators.spec import Values
from processors.indicators.streaming import States, peek
from processors.state import Series
from runtime.errors import InvalidRecord
from runtime.metrics import DROPPED, QUALITY
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, Output
from schemas.bars import Bar
from schemas.codec import decode_bar, encode
from schemas.headers import TYPE
from schemas.indicators import IndicatorRecord
from schemas.reasons import Reason
from schemas.topics import Topic

STAGE = "indicators"
_INDICATORS = {TYPE: b"indicators"}


class IndicatorsCore:
    """State: a BarHistory per (symbol, source, timeframe). See runtime.stage.StageCore for the contract."""

    def __init__(self, settings: ProcessSettings) -> None:
        self._chosen = chosen(settings)
        self._history_bars = settings.history_bars
        self._keys = [choice.key for choice in self._chosen]
        self._is_whole = any(set(choice.spec.inputs) - {"close"} for choice in self._chosen)
        self._series: Series[BarHistory] = Series()

    def apply(self, record: InputRecord) -> Iterable[Output]:
        """The records of this bar and, if it is not the newest, of all later ones, oldest first."""
        bar = decoded(decode_bar, record.value)
        _check(bar)
        key = (bar.symbol, bar.source, bar.timeframe)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = BarHistory.empty(States.empty(self._chosen))
        steps = series.take(bar, self._is_whole, self._history_bars)
        if steps is None:
            DROPPED.labels(STAGE, Reason.BEHIND_HISTORY.value).inc()
            return []
        self._series.touch(key)
        outputs = [self._output(bar, step) for step in steps]
        if not outputs:
            DROPPED.labels(STAGE, Reason.DUPLICATE.value).inc()
        QUALITY.labels(STAGE, bar.source).set(bar.quality)
        return outputs

    def peek(self, forming: Bar) -> dict[str, Values]:
        """Outputs by key as they would be if this open bar closed as it stands; nothing changes. Raises InvalidRecord as apply does.

        A bar that is not newer than the newest closed one has none.
        """
        _check(forming)
        series = self._series.get((forming.symbol, forming.source, forming.timeframe)) or BarHistory.empty(States.empty(self._chosen))
        if series.bars and forming.ts_open_ns <= series.bars[-1].ts_open_ns:
            return {}
        return dict(zip(self._keys, peek(series.head, PastBar.of(forming, self._is_whole).numbers()), strict=True))

    def snapshot(self) -> bytes:
        return self._series.pack(keys=self._keys)

    def restore(self, snapshot: bytes) -> None:
        """With other parameters than the snapshot's, the series begin anew with the bars that are kept, and count their seed from there."""
        keys = self._series.unpack(snapshot, BarHistory)["keys"]
        if keys != self._keys:
            for key, series in self._series.items():
                series.restart(States.empty(self._chosen), self._is_whole)
                self._series.touch(key)

    def _output(self, bar: Bar, step: Step) -> Output:
        past, seed_bars = step.bar, step.seed_bars
        values = zip(self._keys, self._chosen, step.values, strict=True)
        event = IndicatorRecord(
            symbol=bar.symbol,
            source=bar.source,
            timeframe=bar.timeframe,
            ts_open_ns=past.ts_open_ns,
            ts_close_ns=past.ts_close_ns,
            close=past.close,
            seed_bars=seed_bars,
            indicators={key: choice.value(outputs, seed_bars) for key, choice, outputs in values},
            revision=past.record_revision,
            bar_revision=past.bar_revision,
            bar_kind=past.kind,
            bar_quality=past.quality,
            known_at_ns=bar.known_at_ns,
            primary=past.primary,
            primary_epoch=past.primary_epoch,
        )
        return Output(Topic.INDICATORS, encode(event), bar.symbol.encode(), _INDICATORS)


def _check(bar: Bar) -> None:
    """One price that is no number would stay in the exponential means for ever. Within these bounds no formula overflows."""
    for name in ("open", "high", "low", "close", "volume"):
        text = getattr(bar, name)
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 1e-30 < number < 1e30 and not (number == 0.0 and name == "volume"):
            kind = "number from 0" if name == "volume" else "positive number"
            raise InvalidRecord(Reason.NOT_A_NUMBER, f"{name} {text[:64]!r} is no {kind}")
