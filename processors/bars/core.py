"""One partition of the stage `bars`: ticks and watermarks in, closed and corrected bars out; bars of providers are judged and passed on."""

from collections.abc import Iterable
from decimal import localcontext
from functools import lru_cache

from processors.bars.builder import BarBuilder
from processors.bars.dropped import gaps_of
from processors.bars.exact import EXACT
from processors.bars.forming import FormingBars
from processors.bars.policy import Policies
from processors.bars.provider import ProviderBars
from processors.bars.rows import QuoteRow, TradeRow, quote_rows, trade_rows
from processors.bars.series import BarSeries
from processors.decoding import decoded
from processors.gap_events import gap_output
from processors.state import Series
from runtime.metrics import DROPPED, QUALITY, TICKS_IN, TICKS_OUT
from runtime.settings import ProcessSettings
from runtime.stage import InputRecord, Output
from schemas.bars import Bar
from schemas.codec import decode_ticks, decode_trades, encode
from schemas.headers import SYMBOLS, TYPE
from schemas.reasons import Reason
from schemas.ticks import NewPrimary, Quote, TickEnvelope, Trade, TradeEnvelope, Watermark
from schemas.timeframes import Timeframe
from schemas.topics import Topic

STAGE = "bars"
_BAR = {TYPE: b"bar"}
_RANK = {timeframe.value: rank for rank, timeframe in enumerate(Timeframe)}


class BarsCore:
    """State: a BarSeries per (symbol, source), the watermark of each source, and ProviderBars'. See runtime.stage.StageCore for the contract."""

    def __init__(self, settings: ProcessSettings) -> None:
        self._policies = Policies.from_settings(settings)
        self._any_from_quotes = lru_cache(maxsize=1024)(self._policies.any_from_quotes)
        self._builder = BarBuilder(settings.timeframes, round(settings.grace_s * 1e9), self._policies, settings.history_bars)
        self._forming = FormingBars(settings.forming_timeframes, self._policies)
        self._provider_sources = frozenset(settings.provider_bars)
        self._provider = ProviderBars(STAGE, self._provider_sources, self._policies, settings.history_bars)
        self._series: Series[BarSeries] = Series()
        self._watermarks: dict[str, int] = {}
        self._dropped: list[Trade | Quote] = []  # of the record at hand, behind what can be corrected

    def apply(self, record: InputRecord) -> Iterable[Output]:
        """The bars that closed or changed: by symbol and source, then timeframe by length, then ts_open_ns, then revision. Then gaps of what came too late."""
        if record.topic is Topic.BARS_RAW:
            return self._provider.apply(record)
        event = self._decode(record)
        self._builder.emitted = []
        with localcontext(EXACT):
            if isinstance(event, Watermark):
                for change in event.changes:
                    self._crown(change, event.ts_ingest_ns)
                self._advance(event)
            else:
                self._fold(event)
        dropped, self._dropped = self._dropped, []
        return _outputs(self._builder.emitted) + [gap_output(gap) for gap in gaps_of(dropped, event.source)]

    def ephemeral(self) -> Iterable[Output]:
        """The open bars of series that took a tick since the last call; see runtime.stage.Ephemeral."""
        with localcontext(EXACT):
            bars = self._forming.take()
        return [Output(Topic.BARS_FORMING, encode(bar), bar.symbol.encode(), _BAR) for bar in bars]

    def snapshot(self) -> bytes:
        return self._series.pack(watermarks=self._watermarks, provider=self._provider.pack())

    def restore(self, snapshot: bytes) -> None:
        more = self._series.unpack(snapshot, BarSeries)
        self._watermarks = more["watermarks"]
        if "provider" in more:
            self._provider.unpack(more["provider"])
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

    def _crown(self, change: NewPrimary, known_at_ns: int) -> None:
        former, series = self._series.get((change.symbol, change.previous)), self._series.get((change.symbol, change.source))
        if series is not None:
            self._builder.crown(series, former, change, known_at_ns)
            self._series.touch((change.symbol, change.source))
        if former is not None:
            self._builder.depose(former, change)
            self._series.touch((change.symbol, change.previous))

    def _decode(self, record: InputRecord) -> TickEnvelope | TradeEnvelope | Watermark:
        """Quotes stay unread, which saves half of the work, unless the envelope says that it holds a symbol of which they build the bars."""
        symbols = record.headers.get(SYMBOLS)
        if symbols is not None and not self._any_from_quotes(symbols):
            return decoded(decode_trades, record.value)
        return decoded(decode_ticks, record.value)

    def _fold(self, envelope: TradeEnvelope | TickEnvelope) -> None:
        trades, quotes = trade_rows(envelope), list[QuoteRow]()
        if isinstance(envelope, TickEnvelope):
            quotes = quote_rows(envelope, self._policies)
            trades = [row for row in trades if not self._policies[row[0].symbol].from_quotes]
        source = envelope.source
        if source in self._provider_sources:
            trades, quotes = [], []  # its bars are the venue's: two of a kind under one key would be a mixture
        self._take(source, trades, quotes)
        dropped = len(self._dropped)
        TICKS_IN.labels(STAGE, source).inc(len(envelope.ticks))
        TICKS_OUT.labels(STAGE, source).inc(len(trades) + len(quotes) - dropped)
        if dropped:
            DROPPED.labels(STAGE, Reason.BEHIND_HISTORY.value).inc(dropped)

    def _take(self, source: str, trades: list[TradeRow], quotes: list[QuoteRow]) -> None:
        """Folds all, and notes what came too late. A series is built from the one or the other, so their order does not matter."""
        take, take_quote, watermark_ns = self._builder.take, self._builder.take_quote, self._watermarks.get(source, 0)
        here: dict[str, BarSeries] = {}
        for trade, price, size in trades:
            series = here.get(trade.symbol) or self._enter(here, trade, source)
            if not take(series, trade, price, size, watermark_ns):
                self._dropped.append(trade)
        for quote, bid, ask in quotes:
            series = here.get(quote.symbol) or self._enter(here, quote, source)
            if not take_quote(series, quote, bid, ask, watermark_ns):
                self._dropped.append(quote)
        changed = {(symbol, source): series for symbol, series in here.items()}
        self._series.touch_all(changed)
        self._forming.note(changed)

    def _enter(self, here: dict[str, BarSeries], tick: Trade | Quote, source: str) -> BarSeries:
        """The series of the tick's symbol, made if it is new; `here` holds those of this envelope."""
        symbol = tick.symbol
        key = (symbol, source)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = self._builder.new_series(symbol, source, self._watermarks.get(source, 0))
            series.primary, series.primary_epoch = tick.primary, tick.primary_epoch
        here[symbol] = series
        return series


def _outputs(bars: list[Bar]) -> list[Output]:
    bars.sort(key=_order)
    for bar in bars:
        QUALITY.labels(STAGE, bar.source).set(bar.quality)
    return [Output(Topic.BARS, encode(bar), bar.symbol.encode(), _BAR) for bar in bars]


def _order(bar: Bar) -> tuple[str, str, int, int, int]:
    return bar.symbol, bar.source, _RANK[bar.timeframe], bar.ts_open_ns, bar.revision
