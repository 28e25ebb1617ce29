"""What operators ask of sources while they run. Topic market.sources, keyed by source: the newest record of a source holds."""

from msgspec import Struct


class SourceSymbols(Struct, tag_field="type", tag="symbols"):
    """The symbols that a source's ingestor carries from now on, all of them; an empty list: those of its settings. changed_ns: for people."""

    source: str
    symbols: list[str]
    changed_ns: int
    v: int = 1
