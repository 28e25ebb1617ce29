"""What can be subscribed to: channels, the key of one series, and one event with its place in Kafka."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from schemas.bars import Bar
from schemas.indicators import IndicatorRecord
from schemas.signals import Signal
from schemas.ticks import Quote, Trade
from schemas.topics import Topic

PRIMARY = ""  # as a source: whichever is the symbol's primary source at the time
Event = Trade | Quote | Bar | IndicatorRecord | Signal


class Channel(StrEnum):
    """Names on the wire."""

    TICKS = "ticks"
    OHLCV = "ohlcv"
    INDICATORS = "indicators"
    SIGNALS = "signals"


TOPICS: dict[Channel, Topic] = {
    Channel.TICKS: Topic.TICKS,
    Channel.OHLCV: Topic.BARS,
    Channel.INDICATORS: Topic.INDICATORS,
    Channel.SIGNALS: Topic.SIGNALS,
}
CHANNELS: dict[Topic, Channel] = {topic: channel for channel, topic in TOPICS.items()}


class SeriesKey(NamedTuple):
    """One chain of messages. source: a name, or PRIMARY; timeframe: "" for ticks."""

    channel: Channel
    symbol: str
    source: str
    timeframe: str


class Placed(Struct, gc=False):
    """One event and its place: `seq` is "<offset>.<index in the record>", unique and growing within the topic's partition.

    ts_receive_ns: real clock at receipt of the oldest frame of the envelope; 0 where the topic does not carry it.
    """

    channel: Channel
    source: str
    event: Event
    partition: int
    offset: int
    index: int
    trace: str
    ts_receive_ns: int = 0

    @property
    def seq(self) -> str:
        return f"{self.offset}.{self.index}"

    def series(self) -> tuple[SeriesKey, ...]:
        """The series that this event belongs to: its source's, and the primary's if its source is that."""
        event = self.event
        timeframe = getattr(event, "timeframe", "")
        own = SeriesKey(self.channel, event.symbol, self.source, timeframe)
        return (own, SeriesKey(self.channel, event.symbol, PRIMARY, timeframe)) if event.primary else (own,)
