"""Control records: changes of what the pipeline does while it runs. Topic market.control, a record of its own in every partition."""

from typing import Literal

from msgspec import Struct

from schemas.alerts import AnyRule


class RuleChange(Struct):
    """A rule of the stage `alerts` is put (added or replaced) or removed.

    rule: the whole rule for `put`, else null. from_offsets: by input topic, the end of this record's partition when the change was made: a rule that
    is put judges the records from there on. So it begins at a place in the log, whichever topic is read faster. A rule that is replaced or
    removed ends when the stage reads that. changed_ns: the machine's clock, for people.
    """

    action: Literal["put", "remove"]
    rule_id: str
    rule: AnyRule | None
    from_offsets: dict[str, int]
    changed_ns: int
    v: int = 1
