"""What can be subscribed to: channels and what they are like, the key of one series, and one event with its place in Kafka."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from schemas.alerts import Alert
from schemas.bars import Bar
from schemas.books import Levels
from schemas.gaps import Gap
from schemas.indicators import IndicatorRecord
from schemas.quality import QualityRecord
from schemas.signals import Signal
from schemas.ticks import Quote, Trade
from schemas.topics import Topic

PRIMARY = ""  # as a source: whichever is the symbol's primary source at the time


class Channel(StrEnum):
    """Names on the wire."""

    TICKS = "ticks"
    OHLCV = "ohlcv"
    OHLCV_FORMING = "ohlcv_forming"
    ORDERBOOK = "orderbook"
    INDICATORS = "indicators"
    SIGNALS = "signals"
    ALERTS = "alerts"
    QUALITY = "quality"
    GAPS = "gaps"
    MARKET_SUMMARY = "market-summary"


class Traits(NamedTuple):
    """by_timeframe: a series a timeframe. has_primary: else no source stands for the symbol, and the default is each source by itself.

    is_state: a message is all there is to know, so only the latest counts: a slow client gets that, and a resume has nothing to catch up.
    any_symbol: who names no symbol means all of them.
    """

    topic: Topic
    by_timeframe: bool = False
    has_primary: bool = True
    is_state: bool = False
    any_symbol: bool = False


TRAITS: dict[Channel, Traits] = {
    Channel.TICKS: Traits(Topic.TICKS),
    Channel.OHLCV: Traits(Topic.BARS, by_timeframe=True),
    Channel.OHLCV_FORMING: Traits(Topic.BARS_FORMING, by_timeframe=True, is_state=True),
    Channel.ORDERBOOK: Traits(Topic.BOOKS, has_primary=False, is_state=True),
    Channel.INDICATORS: Traits(Topic.INDICATORS, by_timeframe=True),
    Channel.SIGNALS: Traits(Topic.SIGNALS, by_timeframe=True),
    Channel.ALERTS: Traits(Topic.ALERTS, has_primary=False, any_symbol=True),
    Channel.QUALITY: Traits(Topic.QUALITY, any_symbol=True),
    Channel.GAPS: Traits(Topic.GAPS, has_primary=False, any_symbol=True),
    Channel.MARKET_SUMMARY: Traits(Topic.BARS, is_state=True, any_symbol=True),
}
# The channel whose messages are a topic's records; the summary is made from the bars' and has none.
CHANNELS: dict[Topic, Channel] = {traits.topic: channel for channel, traits in TRAITS.items() if channel is not Channel.MARKET_SUMMARY}


class SeriesKey(NamedTuple):
    """One chain of messages. source: a name, or PRIMARY; timeframe: "" where the channel has none."""

    channel: Channel
    symbol: str
    source: str
    timeframe: str


class OrderBook(Struct):
    """The best levels of one book as it stands, best first. Not valid, and empty: why, until the venue's next snapshot."""

    symbol: str
    source: str
    ts_event_ns: int
    ts_ingest_ns: int
    bids: Levels
    asks: Levels
    depth: int
    update_id: int
    is_valid: bool
    reason: str


class Summary(Struct):
    """The last day of one symbol, from its primary source's closed bars. Numbers are decimal text.

    ts_from_ns, ts_to_ns: what it covers: 24 hours, or less where the gateway has not seen more. change_percent: of last against open, 4 decimals.
    """

    symbol: str
    source: str
    last: str
    open: str
    high: str
    low: str
    change: str
    change_percent: str
    volume: str
    quote_volume: str
    trade_count: int
    quality: float
    ts_from_ns: int
    ts_to_ns: int
    known_at_ns: int
    primary: bool = True


Event = Trade | Quote | Bar | OrderBook | IndicatorRecord | Signal | Alert | QualityRecord | Gap | Summary


class Placed(Struct, gc=False):
    """One event's place: `seq` is "<offset>.<index in the record>", unique and growing within the topic's partition.

    order: what it replaces in a history if it is the same (a bar's opening time, a gap's id). value: the record's bytes; b"" for ticks.
    ts_receive_ns: real clock at receipt of the oldest frame of the envelope; 0 where the topic does not carry it.
    """

    channel: Channel
    symbol: str
    source: str
    timeframe: str
    primary: bool
    partition: int
    offset: int
    index: int
    trace: str
    ts_receive_ns: int = 0
    order: int | str = 0
    value: bytes = b""

    @property
    def seq(self) -> str:
        return f"{self.offset}.{self.index}"

    def series(self) -> tuple[SeriesKey, ...]:
        """The series that this event belongs to: its source's, and the primary's if its source is that."""
        own = SeriesKey(self.channel, self.symbol, self.source, self.timeframe)
        return (own, SeriesKey(self.channel, self.symbol, PRIMARY, self.timeframe)) if self.primary else (own,)

    def is_of(self, key: SeriesKey) -> bool:
        """True if it belongs to that series of its channel."""
        source = self.primary if key.source == PRIMARY else self.source == key.source
        return bool(source) and self.symbol == key.symbol and self.timeframe == key.timeframe
