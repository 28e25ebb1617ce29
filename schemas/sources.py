"""Sources while they run: what operators ask of them, and which one is a symbol's primary. Topic market.sources.

What is asked is keyed by source, in the partition of its name: the newest record of each type holds. A change of primary is keyed by symbol, in its partition;
one of bars that providers build stands on market.bars.raw too, in the order of the bars. What a polled source offers is told on market.ticks.raw.
"""

from typing import Literal

from msgspec import Struct

DEFAULT_PRIORITY = 100
PrimaryReason = Literal["lost", "quiet", "preferred", "streamed", "first"]


class SourceSymbols(Struct, tag_field="type", tag="symbols"):
    """The symbols that a source's ingestor carries from now on, all of them; an empty list: those of its settings. changed_ns: for people."""

    source: str
    symbols: list[str]
    changed_ns: int
    v: int = 1


class SourceState(Struct, tag_field="type", tag="state"):
    """Whether a source's ingestor carries anything, and its place among the sources of a symbol: the lowest number is preferred.

    priority: null for that of its settings. restarted_ns: a value that the ingestor has not seen before makes it end its connections and begin anew.
    """

    source: str
    enabled: bool
    priority: int | None
    changed_ns: int
    restarted_ns: int = 0
    v: int = 1


class PrimaryChange(Struct, tag_field="type", tag="primary"):
    """A symbol has another primary source.

    timeframe: of bars that providers build; empty: of ticks, and of all that is built of them. primary_epoch: how often it has changed by now. reason: `lost`:
    nothing comes from the former one; `quiet`: it lives, but sends nothing of this symbol, while the other does; `preferred`: the other has the better
    priority and has been there for long enough; `streamed`: the other sends ticks, of which bars are built here; `first`: there was none before, or it is told
    again: on market.bars.raw alone. heard_ns: event time of the former one's newest tick, 0 where it sends none; with a timeframe, also 0 where no bars are
    built of them. ts_event_ns, known_at_ns: event time and ingest clock of the watermark, or of the BarOffer, that decided it.
    """

    symbol: str
    source: str
    previous: str
    primary_epoch: int
    reason: PrimaryReason
    heard_ns: int
    ts_event_ns: int
    known_at_ns: int
    timeframe: str = ""
    v: int = 1


class BarOffer(Struct, tag_field="type", tag="bar_offer"):
    """A polled source lives, and sends bars of these symbols of a partition, in these timeframes: so its primary bars can be another's when it does not.

    Written once a second, also while nothing is asked. ts_event_ns: its clock when its provider was last there for it: now, or since when no question is
    answered. ts_ingest_ns: its clock. priority: as a watermark's.
    """

    source: str
    partition: int
    symbols: tuple[str, ...]
    timeframes: tuple[str, ...]
    ts_event_ns: int
    ts_ingest_ns: int
    priority: int = DEFAULT_PRIORITY
    v: int = 1


SourceRecord = SourceSymbols | SourceState | PrimaryChange
