"""Sources while they run: what operators ask of them, and which one is a symbol's primary. Topic market.sources.

What is asked is keyed by source, in the partition of its name: the newest record of each type holds. A change of primary is keyed by symbol, in its partition.
"""

from typing import Literal

from msgspec import Struct

DEFAULT_PRIORITY = 100
PrimaryReason = Literal["lost", "quiet", "preferred"]


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

    primary_epoch: how often it has changed by now. reason: `lost`: nothing comes from the former one; `quiet`: it lives, but sends nothing of
    this symbol, while the other does; `preferred`: the other has the better priority and has been there for long enough. heard_ns: event time of the former
    one's newest tick. ts_event_ns, known_at_ns: event time and ingest clock of the watermark that decided it.
    """

    symbol: str
    source: str
    previous: str
    primary_epoch: int
    reason: PrimaryReason
    heard_ns: int
    ts_event_ns: int
    known_at_ns: int
    v: int = 1


SourceRecord = SourceSymbols | SourceState | PrimaryChange
