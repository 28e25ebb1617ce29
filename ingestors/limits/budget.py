"""How much may be asked of a provider, as numbers."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from runtime.settings.limits import BudgetSettings

SLOTS = 60  # what was asked is kept by sixtieths of a window: a call counts for the window and at most one sixtieth more
Span = Literal["second", "minute", "day"]
SPAN_S: dict[Span, int] = {"second": 1, "minute": 60, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so much weight (calls, where the provider knows no weights) within any span of this length, wherever it begins."""

    weight: int
    span: Span

    @property
    def slot_s(self) -> float:
        return SPAN_S[self.span] / SLOTS


Budget = tuple[Limit, ...]


def budget_of(known: Budget, told: BudgetSettings | None) -> Budget:
    """The provider's own limits, or in their place what the settings say of it."""
    if told is None:
        return known
    weights: dict[Span, int | None] = {"second": told.per_second, "minute": told.per_minute, "day": told.per_day}
    return tuple(Limit(weight, span) for span, weight in weights.items() if weight is not None)


def in_words(budget: Budget) -> str:
    """`5/minute, 500/day`."""
    return ", ".join(f"{limit.weight:,}/{limit.span}" for limit in budget) or "none"


@dataclass(frozen=True, slots=True)
class Account:
    """What a provider counts by. host: where it is asked; key: a mark of the key, from which it cannot be read, "-" where none is needed."""

    provider: str
    host: str
    key: str = "-"

    @property
    def name(self) -> str:
        """As it stands in the names of Redis' keys."""
        return f"{self.provider}:{self.host.replace(':', '.')}:{self.key}"


def mark_of(key: str) -> str:
    """The same for the same key."""
    return sha256(key.encode()).hexdigest()[:12] if key else "-"
