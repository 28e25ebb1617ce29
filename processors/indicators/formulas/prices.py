"""One price for a bar."""

from processors.indicators.spec import Ohlcv, State, Values


class AveragePrice(State):
    def update(self, bar: Ohlcv) -> Values:
        return {"value": (bar.high + bar.low + bar.close + bar.open) / 4.0}


class MedianPrice(State):
    def update(self, bar: Ohlcv) -> Values:
        return {"value": (bar.high + bar.low) / 2.0}


class TypicalPrice(State):
    def update(self, bar: Ohlcv) -> Values:
        return {"value": (bar.high + bar.low + bar.close) / 3.0}


class WeightedClose(State):
    def update(self, bar: Ohlcv) -> Values:
        return {"value": (bar.high + bar.low + bar.close * 2.0) / 4.0}


Kinds = AveragePrice | MedianPrice | TypicalPrice | WeightedClose
