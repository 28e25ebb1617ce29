"""One partition of the stage `bars`: trades and watermarks in, closed and corrected bars out."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation, localcontext

from processors.bars.builder import BarBuilder, BarSeries
from processors.bars.exact import EXACT
from processors.decoding import decoded
from processors.state import Series
from runtime.errors import InvalidRecord
from runtime.metrics import DROPPED, QUALITY, TICKS_IN, TICKS_OUT
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, Output
from schemas.bars import Bar
from schemas.codec import decode_trades, encode
from schemas.headers import TYPE
from schemas.reasons import Reason
from schemas.ticks import Trade, TradeEnvelope, Watermark
from schemas.timeframes import Timeframe
from schemas.topics import Topic

STAGE = "bars"
_BAR = {TYPE: b"bar"}
_RANK = {timeframe.value: rank for rank, timeframe in enumerate(Timeframe)}
Row = tuple[Trade, Decimal, Decimal]


class BarsCore:
    """State: a BarSeries per (symbol, source) and the watermark of each source. See runtime.stage.StageCore for the contract."""

    def __init__(self, settings: ProcessSettings) -> None:
        self._builder = BarBuilder(settings.timeframes, round(settings.grace_s * 1e9))
        self._series: Series[BarSeries] = Series()
        self._watermarks: dict[str, int] = {}

    def apply(self, record: InputRecord) -> Iterable[Output]:
        """The bars that closed or changed: by symbol and source, then timeframe by length, then ts_open_ns, then revision."""
        event = decoded(decode_trades, record.value)
        self._builder.emitted = []
        with localcontext(EXACT):
            if isinstance(event, Watermark):
                self._advance(event)
            else:
                self._fold(event)
        return _outputs(self._builder.emitted)

    def snapshot(self) -> bytes:
        return self._series.pack(watermarks=self._watermarks)

    def restore(self, snapshot: bytes) -> None:
        self._watermarks = self._series.unpack(snapshot, BarSeries)["watermarks"]
        for series in self._series.values():
            self._builder.adopt(series)

    def _advance(self, watermark: Watermark) -> None:
        """A watermark that goes back, as a second replay's does, changes nothing."""
        source, ts_event_ns = watermark.source, watermark.ts_event_ns
        if ts_event_ns <= self._watermarks.get(source, 0):
            return
        self._watermarks[source] = ts_event_ns
        for key, series in self._series.items():
            if key[1] == source and self._builder.advance(series, ts_event_ns, watermark.ts_ingest_ns):
                self._series.touch(key)

    def _fold(self, envelope: TradeEnvelope) -> None:
        source = envelope.source
        take, watermark_ns = self._builder.take, self._watermarks.get(source, 0)
        here: dict[str, BarSeries] = {}
        rows = _rows(envelope)
        dropped = 0
        for trade, price, size in rows:
            series = here.get(trade.symbol) or self._enter(here, trade.symbol, source)
            if not take(series, trade, price, size, watermark_ns):
                dropped += 1
        self._series.touch_all((symbol, source) for symbol in here)
        TICKS_IN.labels(STAGE, source).inc(len(envelope.ticks))
        TICKS_OUT.labels(STAGE, source).inc(len(rows) - dropped)
        if dropped:
            DROPPED.labels(STAGE, Reason.BEHIND_HISTORY.value).inc(dropped)

    def _enter(self, here: dict[str, BarSeries], symbol: str, source: str) -> BarSeries:
        """The symbol's series, made if it is new; `here` holds those of this envelope."""
        key = (symbol, source)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = self._builder.new_series(symbol, source, self._watermarks.get(source, 0))
        here[symbol] = series
        return series


def _rows(envelope: TradeEnvelope) -> list[Row]:
    """Trades with their numbers, all converted before any is folded: a bad one must leave the state as it was. Quotes build no bars."""
    try:
        return [(tick, Decimal(tick.price), Decimal(tick.size)) for tick in envelope.ticks if type(tick) is Trade]
    except InvalidOperation:
        raise InvalidRecord(Reason.NOT_A_NUMBER, "a price or size of a validated trade is no number") from None


def _outputs(bars: list[Bar]) -> list[Output]:
    bars.sort(key=_order)
    for bar in bars:
        QUALITY.labels(STAGE, bar.source).set(bar.quality)
    return [Output(Topic.BARS, encode(bar), bar.symbol.encode(), _BAR) for bar in bars]


def _order(bar: Bar) -> tuple[str, str, int, int, int]:
    return bar.symbol, bar.source, _RANK[bar.timeframe], bar.ts_open_ns, bar.revision
