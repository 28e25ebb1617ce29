"""Markets for the indicators' tests, and the stream over them."""

import random
from collections.abc import Iterable, Sequence

import numpy as np

from processors.indicators.catalogue import CATALOGUE, Chosen, choose
from processors.indicators.spec import Ohlcv, Values
from processors.indicators.streaming import States

DEFAULTS = tuple(choose(name) for name in CATALOGUE)
T0_NS = 1_723_161_240_000_000_000  # 2024-08-08T23:54:00Z, so that a session ends after six minutes
_MINUTE_NS = 60_000_000_000


def market(seed: int, bars: int, start: float = 60_000.0, step: float = 0.002) -> list[Ohlcv]:
    """A random walk with two decimals, as prices have, and volumes with four."""
    rng, found, close = random.Random(seed), list[Ohlcv](), start
    for number in range(bars):
        before, close = close, round(close * (1 + rng.gauss(0, step)), 2)
        high = round(max(before, close) * (1 + abs(rng.gauss(0, step / 2))), 2)
        low = round(min(before, close) * (1 - abs(rng.gauss(0, step / 2))), 2)
        found.append(Ohlcv(before, high, low, close, round(rng.uniform(0.1, 9), 4), T0_NS + number * _MINUTE_NS))
    return found


def quiet_market(seed: int, bars: int) -> list[Ohlcv]:
    """Prices of few different cents that often stand still, bars without extent, bars without volume: what divides by zero and ties."""
    rng, found, close = random.Random(seed), list[Ohlcv](), 100.37
    for number in range(bars):
        is_still = number < 30 or number % 100 > 55
        before, close = close, round(close + (0 if is_still else rng.choice([-0.31, 0, 0, 0, 0.31])), 2)
        above, below = (0.31 * (not is_still and rng.random() < 0.2) for _ in range(2))
        high, low = round(max(before, close) + above, 2), round(min(before, close) - below, 2)
        volume = 0.0 if number % 100 > 70 or rng.random() < 0.3 else round(rng.uniform(0.1, 9), 4)
        found.append(Ohlcv(before, float(high), float(low), close, volume, T0_NS + number * _MINUTE_NS))
    return found


def columns(bars: Sequence[Ohlcv]) -> dict[str, np.ndarray]:
    """As processors.indicators.batch reads them."""
    parts = dict(zip(Ohlcv._fields, zip(*bars, strict=True), strict=True))
    return {name: np.array(part, np.int64 if name == "ts_open_ns" else np.float64) for name, part in parts.items()}


def streamed(choices: Iterable[Chosen], bars: Iterable[Ohlcv]) -> list[list[Values]]:
    """Outputs of each indicator at each bar."""
    states = States.empty(choices)
    return [states.update(bar) for bar in bars]


def output_columns(choices: Sequence[Chosen], rows: list[list[Values]]) -> dict[tuple[str, str], np.ndarray]:
    """By (key, output), NaN where there is no value."""
    return {
        (choice.key, output): np.array([row[index].get(output, np.nan) for row in rows])
        for index, choice in enumerate(choices)
        for output in choice.spec.outputs
    }
