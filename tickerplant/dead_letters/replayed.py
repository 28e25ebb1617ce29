"""What became of the letters of one replay."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Replayed:
    """Letters read; trades and whole records by the topic that they went to; letters left out by the sentence that says why."""

    letters: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
