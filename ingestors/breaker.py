"""A circuit breaker: a provider that fails again and again is not asked for a while, so that nobody waits for it. Pure: times are given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class Rules:
    """failures: in a row, then it opens. open_s: then one call is let through."""

    failures: int = 5
    open_s: float = 60.0


@dataclass(frozen=True, slots=True)
class BreakerChange:
    """name: of what it guards. at_s: on the caller's monotonic clock."""

    name: str
    before: State
    state: State
    failures: int
    at_s: float


class Breaker:
    """closed: calls go through. open: none does, for open_s. half_open: one does; if it succeeds the breaker closes, else it opens again.

    Each call that `admits` let through ends with `succeeded`, `failed` or `given_up`. on_change is called at once for each change of state.
    """

    def __init__(self, name: str, rules: Rules = Rules(), on_change: Callable[[BreakerChange], None] = lambda change: None) -> None:
        self._name = name
        self._rules = rules
        self._on_change = on_change
        self._failures = 0
        self._opened_s = 0.0
        self._probing = False
        self.state: State = "closed"

    def admits(self, now_s: float) -> bool:
        """May a call be made now? True lets it through."""
        if self.state == "open" and self.left_s(now_s) <= 0:
            self._become("half_open", now_s)
        if self.state == "closed":
            return True
        if self.state == "open" or self._probing:
            return False
        self._probing = True
        return True

    def left_s(self, now_s: float) -> float:
        """How long it stays open; 0 where it is not."""
        return max(0.0, self._opened_s + self._rules.open_s - now_s) if self.state == "open" else 0.0

    def succeeded(self, now_s: float) -> None:
        """A call was answered. One that began before the breaker opened closes nothing: it tells of a time before the failures."""
        if self.state == "open":
            return
        self._failures, self._probing = 0, False
        if self.state == "half_open":
            self._become("closed", now_s)

    def failed(self, now_s: float) -> None:
        """A call was not answered."""
        self._probing = False
        if self.state == "open":
            return
        self._failures += 1
        if self.state == "half_open" or self._failures >= self._rules.failures:
            self._opened_s = now_s
            self._become("open", now_s)

    def given_up(self) -> None:
        """A call says nothing of the provider: the caller did not wait for it, or the question was wrong."""
        self._probing = False

    def _become(self, state: State, now_s: float) -> None:
        before, self.state = self.state, state
        self._on_change(BreakerChange(self._name, before, state, self._failures, now_s))
        if state == "closed":
            self._failures = 0
