"""One partition of the stage `signals`: one indicator record in, one signal out, hold included."""

from collections.abc import Iterable

import msgspec

from processors.decoding import decoded
from processors.signals.components import VOTES
from processors.signals.composite import ACTIONS, decide, normalised
from runtime.metrics import QUALITY
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, Output
from schemas.codec import decode_indicators, encode
from schemas.headers import TYPE
from schemas.indicators import IndicatorRecord
from schemas.signals import Signal, SignalComponent
from schemas.topics import Topic

STAGE = "signals"
_SIGNAL = {TYPE: b"signal"}
_NO_STATE = msgspec.msgpack.encode({})


class SignalsCore:
    """Stateless: a signal depends on its record alone (the histogram of the bar before stands in it). See runtime.stage.StageCore for the contract."""

    def __init__(self, settings: ProcessSettings) -> None:
        self._weights = normalised(settings.signal_weights)
        self._resolution = settings.signal_resolution
        self._minimum_quality = settings.minimum_quality
        self._grace_ns = round(settings.grace_s * 1e9)

    def apply(self, record: InputRecord) -> Iterable[Output]:
        """One signal."""
        indicators = decoded(decode_indicators, record.value)
        QUALITY.labels(STAGE, indicators.source).set(indicators.bar_quality)
        return [Output(Topic.SIGNALS, encode(self._signal(indicators)), indicators.symbol.encode(), _SIGNAL)]

    def snapshot(self) -> bytes:
        return _NO_STATE

    def restore(self, snapshot: bytes) -> None:
        """Nothing to restore."""

    def _signal(self, record: IndicatorRecord) -> Signal:
        components = self._components(record)
        decision = decide(components, self._resolution, record.bar_quality, self._minimum_quality)
        return Signal(
            symbol=record.symbol,
            source=record.source,
            timeframe=record.timeframe,
            ts_open_ns=record.ts_open_ns,
            ts_close_ns=record.ts_close_ns,
            signal=decision.signal,
            action=ACTIONS[decision.signal],
            score=decision.score,
            confidence=decision.confidence,
            decided_by=decision.decided_by,
            resolution=self._resolution,
            status=decision.status,
            components=components,
            close=record.close,
            revision=record.revision,
            bar_revision=record.bar_revision,
            bar_kind=record.bar_kind,
            bar_quality=record.bar_quality,
            known_at_ns=record.known_at_ns,
            valid_until_ns=self._valid_until_ns(record),
            primary=record.primary,
            primary_epoch=record.primary_epoch,
        )

    def _components(self, record: IndicatorRecord) -> dict[str, SignalComponent]:
        """Votes in the order of rank. An indicator that the record does not have is one without its minimum data.

        Of several RSIs, say, the first one votes: the records begin with the three that the signals are configured with.
        """
        found = {value.name: value for value in reversed(record.indicators.values())}
        components = {}
        for name, vote in VOTES.items():
            value = found.get(name)
            components[name] = SignalComponent(vote(value.values) if value else 0, self._weights[name], bool(value and value.warm))
        return components

    def _valid_until_ns(self, record: IndicatorRecord) -> int:
        """The next signal of the series comes when the next bar has closed, which is one interval and the grace later."""
        return 2 * record.ts_close_ns - record.ts_open_ns + self._grace_ns
