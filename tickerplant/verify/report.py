"""What was compared and what differed."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct


class Difference(Struct, frozen=True):
    """One finding. kind: `missing` (a row that should be there), `extra` (one that should not), `differs` (a field of a row), `rule` (a row breaks a rule of its table).

    key: names the row, as `BTC-USDT binance 1m 2024-08-09T00:01:00Z`. field, expected, actual: as text, empty where they do not apply.
    """

    table: str
    kind: str
    key: str
    field: str = ""
    expected: str = ""
    actual: str = ""

    def sentence(self) -> str:
        """One line for a reader."""
        head = f"{self.table}: {self.key}: "
        if self.kind == "missing":
            return f"{head}missing{': ' + self.expected if self.expected else ''}"
        if self.kind == "extra":
            return f"{head}should not be there{': ' + self.actual if self.actual else ''}"
        return f"{head}{self.field} is {self.actual}, expected {self.expected}"


class Report:
    """Collects findings. keep: how many are held whole (None: all); every one is counted."""

    def __init__(self, keep: int | None = None) -> None:
        self.differences: list[Difference] = []
        self.compared: Counter[str] = Counter()  # rows by table, capture events by kind
        self.counts: Counter[tuple[str, str]] = Counter()  # differences by (table, kind)
        self.notes: Counter[str] = Counter()  # what was not judged and why, how often
        self._keep = keep

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def add(self, difference: Difference) -> None:
        self.counts[difference.table, difference.kind] += 1
        if self._keep is None or len(self.differences) < self._keep:
            self.differences.append(difference)

    def note(self, sentence: str, count: int = 1) -> None:
        """Something that the tables do not let us judge."""
        if count:
            self.notes[sentence] += count

    def missing(self, table: str, key: str, expected: str = "") -> None:
        self.add(Difference(table, "missing", key, expected=expected))

    def unexpected(self, table: str, key: str, actual: str = "") -> None:
        self.add(Difference(table, "extra", key, actual=actual))

    def rule(self, table: str, key: str, field: str, expected: object, actual: object) -> None:
        self.add(Difference(table, "rule", key, field, show(expected), show(actual)))

    def compare(self, table: str, key: str, fields: Iterable[tuple[str, Any, Any]]) -> None:
        """fields: (name, expected, actual); equal by value, floats are for `compare_close`."""
        for name, expected, actual in fields:
            if expected != actual:
                self.add(Difference(table, "differs", key, name, show(expected), show(actual)))

    def compare_close(self, table: str, key: str, name: str, expected: float, actual: float | None, absolute: float = 1e-9) -> None:
        """Floats: relative 1e-9, or `absolute` near zero."""
        if actual is None or not math.isclose(expected, actual, rel_tol=1e-9, abs_tol=absolute):
            self.add(Difference(table, "differs", key, name, show(expected), show(actual)))


def show(value: object) -> str:
    """A value as a person writes it."""
    if value is None:
        return "nothing"
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence):
        return "[" + ", ".join(show(item) for item in value) + "]"
    return str(value)
