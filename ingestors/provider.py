"""What is known of a provider before it is asked."""

from dataclasses import dataclass
from typing import Literal

from ingestors.limits.budget import Budget


@dataclass(frozen=True, slots=True)
class Provider:
    """What a provider can give and on which terms.

    transport: how data come (a stream that it pushes, answers that we ask for, files that somebody brings). history: trades or bars of the past. limits: in words, as it states
    them; budget: of these, what our calls keep to. key: the setting that a key is read from, "" where none is needed. licence: a note for the user.
    account: the name under which its calls are counted, with those of others that are asked with the same key; else its own. built_by: `module:function` of one that has no folder beside the others.
    one_connection: another one with the same key makes it close the first.
    """

    name: str
    transport: Literal["stream", "poll", "files"]
    trades: bool
    quotes: bool
    books: bool
    bars: bool
    history: bool
    asset_classes: tuple[str, ...]
    limits: str
    licence: str
    key: str = ""
    budget: Budget = ()
    built_by: str = ""
    account: str = ""
    one_connection: bool = False

    @property
    def module(self) -> str:
        """The folder."""
        return f"ingestors.{self.name.replace('-', '_')}"

    @property
    def ingestor(self) -> str:
        """`module:function` that builds it, imported only where it runs."""
        return self.built_by or f"{self.module}.ingestor:build"

    @property
    def process(self) -> str:
        """The name of its process, where it is the only one (see ingestors.process_shard)."""
        return f"ingest-{self.name}"
