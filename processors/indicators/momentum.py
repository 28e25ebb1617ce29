"""Momentum: rate of change over `period` bars as a fraction, TA-Lib's ROCP."""

from msgspec import Struct


class Momentum(Struct, array_like=True):
    """closes: the last period + 1, oldest first."""

    period: int
    closes: list[float] = []

    def update(self, close: float) -> None:
        self.closes.append(close)
        if len(self.closes) > self.period + 1:
            del self.closes[0]

    def values(self) -> dict[str, float]:
        """`value` = (close - close[period bars back]) / close[period bars back], from bar period + 1 on."""
        if len(self.closes) <= self.period:
            return {}
        before = self.closes[0]
        return {"value": (self.closes[-1] - before) / before if before != 0.0 else 0.0}
