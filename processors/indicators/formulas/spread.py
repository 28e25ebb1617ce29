"""How far the closes spread: deviation, Bollinger's bands, the volatility of returns, the regression line."""

from math import fsum, log, sqrt

from processors.indicators.blocks import Window, deviation, ratio
from processors.indicators.spec import Ohlcv, State, Values


class StandardDeviation(State):
    """Of a population."""

    closes: Window

    def update(self, bar: Ohlcv) -> Values:
        return {"value": sqrt(deviation(self.closes.items)[1])} if self.closes.push(bar.close) else {}


class Variance(State):
    """Of a population."""

    closes: Window

    def update(self, bar: Ohlcv) -> Values:
        return {"value": deviation(self.closes.items)[1]} if self.closes.push(bar.close) else {}


class BollingerBands(State):
    """Deviations around the mean."""

    closes: Window
    deviations: float

    def update(self, bar: Ohlcv) -> Values:
        if not self.closes.push(bar.close):
            return {}
        mean, variance = deviation(self.closes.items)
        reach = self.deviations * sqrt(variance)
        return {"upper": mean + reach, "middle": mean, "lower": mean - reach}


class BollingerWidth(State):
    """The bands' distance as a fraction of their middle, and the close's place between them."""

    closes: Window
    deviations: float

    def update(self, bar: Ohlcv) -> Values:
        if not self.closes.push(bar.close):
            return {}
        mean, variance = deviation(self.closes.items)
        reach = self.deviations * sqrt(variance)
        place = (bar.close - (mean - reach)) / (2.0 * reach) if reach else 0.5
        return {"width": ratio(2.0 * reach, mean), "percent_b": place}


class HistoricalVolatility(State):
    """Sample deviation of the log returns, a year's by the root of time. Its year has `year_bars` bars."""

    returns: Window
    year_bars: int
    previous: float | None = None

    def update(self, bar: Ohlcv) -> Values:
        previous, self.previous = self.previous, bar.close
        if previous is None or not self.returns.push(log(bar.close / previous)):
            return {}
        items = self.returns.items
        variance = deviation(items)[1] * len(items) / (len(items) - 1)
        return {"value": sqrt(variance) * sqrt(self.year_bars)}


class LinearRegression(State):
    """The least squares line through the last closes: where it ends, how it rises a bar, where it would be at the next bar."""

    closes: Window

    def update(self, bar: Ohlcv) -> Values:
        if not self.closes.push(bar.close):
            return {}
        items = self.closes.items
        count, middle = len(items), (len(items) - 1) / 2.0
        mean = fsum(items) / count
        slope = fsum([(x - middle) * y for x, y in enumerate(items)]) / (count * (count * count - 1) / 12.0)
        end = mean + slope * middle
        return {"value": end, "slope": slope, "forecast": end + slope}


Kinds = StandardDeviation | Variance | BollingerBands | BollingerWidth | HistoricalVolatility | LinearRegression
