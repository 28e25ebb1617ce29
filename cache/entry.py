"""What a read gives."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Entry:
    """value: the JSON value; prices and sizes in it are text. ts_event_ns: the time of the data: of the last tick, of the bar's opening, or what `set` was told.

    origin: `memory` while Redis is away or has forgotten it. expired: older than its lifetime; only while Redis is away.
    """

    value: Any
    ts_event_ns: int
    origin: Literal["redis", "memory"] = "redis"
    expired: bool = False
