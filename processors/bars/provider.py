"""Bars that venues built (market.bars.raw): what makes one wrong or odd, and which of them are published.

A bar that is wrong by itself is refused whichever its source is. Those of the sources of process.provider_bars are also compared with their
neighbours, scored, and published; those of live sources as the symbol's primary ones or not. All that is remembered comes from market.bars.raw alone,
changes of the primary source included: see StageSpec.inputs.
"""

from collections.abc import Mapping, Set
from decimal import Decimal

from processors.bars.policy import Policies
from processors.bars.provider_primary import Ruler, Rulers
from processors.bars.provider_rules import of_bar
from processors.bars.provider_series import ProviderSeries
from processors.decoding import decoded
from processors.forms import is_number, is_symbol
from processors.gap_events import gap_output
from processors.state import Series
from runtime.dead_letters import letter_of
from runtime.errors import InvalidRecord
from runtime.metrics import DROPPED
from runtime.stage import InputRecord, Output
from schemas.bars import Bar, ProviderBar
from schemas.codec import decode_bar_primary, decode_provider_bar, encode
from schemas.headers import TYPE
from schemas.reasons import Reason
from schemas.sources import PrimaryChange
from schemas.timeframes import Timeframe
from schemas.topics import Topic

_TIMEFRAMES = frozenset(timeframe.value for timeframe in Timeframe)
_OF_PRICES = frozenset({Reason.NON_POSITIVE_PRICE, Reason.OHLC_VIOLATION, Reason.PRICE_SCALE})
_BAR, _DEAD_LETTER = {TYPE: b"bar"}, {TYPE: b"dead_letter"}
_PRIMARY = b"primary"


class ProviderBars:
    """State: a ProviderSeries per (symbol, source, timeframe) of the published sources, and who rules each symbol and timeframe."""

    def __init__(self, stage: str, sources: Set[str], policies: Policies, history_bars: int) -> None:
        self._stage = stage
        self._sources = sources
        self._policies = policies
        self._history_bars = history_bars
        self._series: Series[ProviderSeries] = Series()
        self._rulers = Rulers()

    def apply(self, record: InputRecord) -> list[Output]:
        """The bar as it came, or with its revision, what its score lost and whose it is; then gaps. Or a dead letter. Of a change of primary: the bars that it
        concerns. Raises InvalidRecord for what is no bar at all."""
        if record.headers.get(TYPE) == _PRIMARY:
            return self._change(record)
        bar: ProviderBar = decoded(decode_provider_bar, record.value)
        if bar.source not in self._sources:
            check(bar)
            return []
        try:
            check(bar)
        except InvalidRecord as error:
            if error.reason not in _OF_PRICES:
                raise
            self._enter(bar).refuse(bar)
            return [self._letter(record, bar, error.reason, error.detail)]
        return self._judge(record, bar)

    def _change(self, record: InputRecord) -> list[Output]:
        change: PrimaryChange = decoded(decode_bar_primary, record.value)
        _check_series(change.symbol, change.timeframe)
        return [_output(bar, encode(_plain(bar))) for bar in self._rulers.change(change, self._series)]

    def _judge(self, record: InputRecord, bar: ProviderBar) -> list[Output]:
        """A bar that is right by itself, against what is known of its series."""
        series = self._enter(bar)
        if bar.primary and not series.reigns:
            self._rulers.claim(series, bar)
        verdict = series.take(bar, self._policies[bar.symbol].calendar, self._history_bars)
        if verdict.refused:
            return [self._letter(record, bar, verdict.refused.reason, verdict.refused.text)]
        gaps = [gap_output(gap) for gap in verdict.gaps]
        if verdict.dropped:
            DROPPED.labels(self._stage, verdict.dropped.value).inc()
        if (told := verdict.bar) is None:
            return gaps
        return [_output(told, record.value if told == bar and _is_plain(bar) else encode(_plain(told))), *gaps]

    def pack(self) -> bytes:
        return self._series.pack(rulers=self._rulers.pack())

    def unpack(self, snapshot: bytes) -> None:
        more = self._series.unpack(snapshot, ProviderSeries)
        if "rulers" in more:
            self._rulers.unpack(more["rulers"], Ruler)
        for series in self._series.values():
            series.adopt()

    def _enter(self, bar: ProviderBar) -> ProviderSeries:
        """The bar's series, made if it is new, and about to change."""
        key = (bar.symbol, bar.source, bar.timeframe)
        self._series.touch(key)
        return self._series.setdefault(key, ProviderSeries())

    def _letter(self, record: InputRecord, bar: ProviderBar, reason: str, error: str) -> Output:
        letter = letter_of(self._stage, record, reason, error, ts_ns=bar.known_at_ns, source=bar.source)
        return Output(Topic.DLQ, encode(letter), bar.symbol.encode(), _DEAD_LETTER)


def check(bar: ProviderBar) -> None:
    """Raises InvalidRecord with the first fault: a field, a number, a price or size, or prices that contradict each other."""
    if bar.kind != "provider":
        raise InvalidRecord(Reason.INVALID_FIELD, f"a {bar.kind} bar of {bar.symbol[:64]!r}")
    _check_series(bar.symbol, bar.timeframe)
    if not 0 <= bar.ts_open_ns < bar.ts_close_ns:
        raise InvalidRecord(Reason.TIME_OUT_OF_RANGE, f"from {bar.ts_open_ns} to {bar.ts_close_ns}")
    _check_numbers({name: getattr(bar, name) for name in ("open", "high", "low", "close", "volume", "quote_volume", "vwap")})
    if bar.actions is not None:
        said = {"dividend": bar.actions.dividend, "adjusted_close": bar.actions.adjusted_close}
        _check_numbers({name: text for name, text in said.items() if text})
        _check_positive({f"split {number}": text for number, (_, text) in enumerate(bar.actions.splits)})
    for finding in of_bar(bar):
        raise InvalidRecord(finding.reason, finding.text)
    for name, text in (("volume", bar.volume), ("quote_volume", bar.quote_volume)):
        if Decimal(text) < 0:
            raise InvalidRecord(Reason.NON_POSITIVE_SIZE, f"{name} is {text}")


def _check_series(symbol: str, timeframe: str) -> None:
    if timeframe not in _TIMEFRAMES or not is_symbol(symbol):
        raise InvalidRecord(Reason.INVALID_FIELD, f"bars of {symbol[:64]!r}, {timeframe[:8]!r}")


def _check_numbers(texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        if not is_number(text):
            raise InvalidRecord(Reason.NOT_A_NUMBER, f"{name} {text[:64]!r} is no plain decimal number")


def _check_positive(texts: Mapping[str, str]) -> None:
    _check_numbers(texts)
    for name, text in texts.items():
        if Decimal(text) <= 0:
            raise InvalidRecord(Reason.INVALID_FIELD, f"{name} is {text}")


def _is_plain(bar: ProviderBar) -> bool:
    """It says nothing that a Bar does not."""
    return bar.actions is None and not bar.again


def _plain(bar: ProviderBar) -> Bar:
    """What the provider says beside the bar is for the comparison only."""
    return Bar(**{name: getattr(bar, name) for name in Bar.__struct_fields__})


def _output(bar: Bar, value: bytes) -> Output:
    return Output(Topic.BARS, value, bar.symbol.encode(), _BAR)
