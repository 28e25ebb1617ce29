"""Robust statistics: what a few wild values do not move, as they would a mean and its deviation."""

_TO_DEVIATION = (
    1.4826  # makes the MAD of a normal distribution its standard deviation (Hampel 1974; Leys et al. 2013, doi:10.1016/j.jesp.2013.03.013)
)


def median_and_deviation(values: list[float]) -> tuple[float, float]:
    """Median, and MAD as a standard deviation."""
    middle = median(sorted(values))
    return middle, _TO_DEVIATION * median(sorted([abs(value - middle) for value in values]))


def median(ordered: list[float]) -> float:
    """Of two in the middle their mean."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
